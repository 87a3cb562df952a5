"""scripts/bench: builds nothing, measures everything. See docs/performance.md."""
import argparse
import datetime
import json
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import against
import burst
import convergence
import cpu
import distance
import documents
import documents_store
import footprint
import instructions
import leaf
import machine
import micro
import report
import stages
import traversal

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs/performance.md'

# In this order; each gives a list of figures.
MEASUREMENTS = {
    'traversal': traversal.measure,
    'stages': stages.measure,
    'cpu': cpu.measure,
    'leaf': leaf.measure,
    'distance': distance.measure,
    'burst': burst.measure,
    'convergence': convergence.measure,
    'footprint': footprint.measure,
    'crowd': footprint.measure_crowd,
    'documents': documents.measure,
    'documents-store': documents_store.measure,
    'micro': micro.measure,
    'instructions': instructions.measure,
}

# A run that takes longer has lost its way.
FULL_RUN_MAX_S = 3 * 3600
QUICK_RUN_MAX_S = 600


# How long a round waits for other programs to be done, and all rounds together.
CALM_WAIT_S = 8.0
PATIENCE_S = 600.0


class Setup:
    """What all measurements need to know."""

    def __init__(self, options, folder):
        self.root, self.build, self.folder = ROOT, Path(options.build).resolve(), Path(folder)
        self.is_quick = options.quick
        self.patience_s = 0.0 if options.quick else PATIENCE_S
        self.rounds = 1 if options.quick else options.rounds
        self.seconds = 0.2 if options.quick else 1.0
        self.nodes = [9] if options.quick else [9, 25, 49, 100]

    def program(self, name):
        return self.build / 'bin' / f'bench_{name}'

    def new_folder(self):
        return Path(tempfile.mkdtemp(dir=self.folder))

    def wait_until_calm(self):
        """Before a round: waits for other programs to be done, as long as patience lasts."""
        self.patience_s -= machine.wait_until_calm(min(CALM_WAIT_S, self.patience_s))

    @staticmethod
    def say(text):
        print(f'bench: {text}', file=sys.stderr, flush=True)


def parse_options():
    parser = argparse.ArgumentParser(prog='scripts/bench', description='Measures our nodes beside others.')
    parser.add_argument('--rounds', type=int, default=5, help='of each measurement; default 5')
    parser.add_argument('--quick', action='store_true', help='one short round with few nodes')
    parser.add_argument('--only', action='append', choices=MEASUREMENTS, metavar='NAME',
                        help=f"one of {', '.join(MEASUREMENTS)}; repeatable")
    parser.add_argument('--json', metavar='FILE', help='where the results go')
    parser.add_argument('--from', dest='source', metavar='FILE',
                        help='write the tables of an earlier run into docs/performance.md, and measure nothing')
    parser.add_argument('--against', type=Path, metavar='BUILD_FOLDER',
                        help='measure traversals of this build and of another one in turns, and nothing else')
    parser.add_argument('--build', default=ROOT / 'build/release', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error('--rounds must be at least 1')
    if options.against:
        if options.only or options.source:
            parser.error('--against goes with neither --only nor --from')
        options.against = options.against.resolve()
        reason = against.why_not(options.against)
        if reason:
            parser.error(f'--against: {reason}')
    return options


def chosen(options):
    """What is to be measured: {name: function that gives a list of figures}."""
    if options.against:
        return {'against': lambda setup: against.measure(setup, options.against)}
    return {name: MEASUREMENTS[name] for name in options.only or MEASUREMENTS}


def measure(setup, measurements, keep):
    """Measures one after the other and shows `keep` all figures so far. A measurement that fails gives one that
    says why, and the others go on."""
    figures = []
    for name, function in measurements.items():
        try:
            figures += function(setup)
        except Exception as error:  # whatever it is, hours of others must not be lost with it
            traceback.print_exc()
            figures.append({'measurement': name, 'system': 'ours', 'skipped': f'it failed: {error}'})
        keep(figures)


def on_signal(number, _frame):
    raise SystemExit(f'bench: ended by signal {number}')


def run(options):
    """What --json gets; it is written after each measurement, so that an interrupted run leaves what it has."""
    results = {'commit': machine.commit(ROOT), 'machine': machine.describe(),
               'date': datetime.date.today().isoformat(), 'rounds': 1 if options.quick else options.rounds,
               'is_quick': options.quick, 'figures': []}

    def keep(figures):
        results['figures'] = figures
        if options.json:
            Path(options.json).write_text(json.dumps(results, indent=1) + '\n')

    with tempfile.TemporaryDirectory(prefix='spreadable-bench-') as folder:
        measure(Setup(options, folder), chosen(options), keep)
    return results


def main():
    options = parse_options()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, on_signal)
    if options.source:
        results = json.loads(Path(options.source).read_text())
    else:
        signal.alarm(QUICK_RUN_MAX_S if options.quick else FULL_RUN_MAX_S)
        results = run(options)
    text = report.markdown(results)
    print(text)
    is_whole = not (options.quick or options.only)
    if (options.source or is_whole) and not report.is_comparison(results):
        PAGE.write_text(report.put_into(PAGE.read_text(), text))
        Setup.say(f'wrote the tables into {PAGE.relative_to(ROOT)}')
    return 1 if any('it failed' in figure.get('skipped', '') for figure in results['figures']) else 0


if __name__ == '__main__':
    sys.exit(main())

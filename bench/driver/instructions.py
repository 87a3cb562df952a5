"""Instructions of the hot path, counted by callgrind: a figure that a busy machine does not change.

  instructions.py --build DIR           fails when a path takes more than bench/instructions.json allows
  instructions.py --build DIR --renew   writes what is counted now into that file

The bounds hold for the release build by g++ 12, whose figures they are.
"""
import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from processes import Failure

ROOT = Path(__file__).resolve().parents[2]
BOUNDS = ROOT / 'bench/instructions.json'
RENEW = 'scripts/bench --renew-instructions'

PATHS = ('ping', 'slave', 'traversal', 'records')
# As often, each is done; the figure is for one.
REPEATS = 10
FUNCTION = 'measured_requests'
RUN_MAX_S = 300


def count(program, path):
    """Instructions of one request on a path."""
    with tempfile.TemporaryDirectory(prefix='spreadable-bench-') as folder:
        run = subprocess.run(
            ['valgrind', '--tool=callgrind', f'--callgrind-out-file={folder}/out',
             f'--toggle-collect={FUNCTION}', program, path, str(REPEATS)],
            capture_output=True, text=True, timeout=RUN_MAX_S, check=False)
    found = re.search(r'Collected : (\d+)', run.stderr)
    if run.returncode != 0 or not found:
        raise Failure(f'counting {path}: {run.stderr[-300:]}')
    return int(found.group(1)) // REPEATS


def judge(counted, bound, tolerance_percent):
    """What to say of a path: (whether it is within its bound, verdict)."""
    percent = round((counted / bound - 1) * 100, 2)
    if percent > tolerance_percent:
        return False, f'**missed**: {percent:+.1f} %, allowed {tolerance_percent:+} %'
    if percent < -tolerance_percent:
        return True, f'kept, {percent:+.1f} %: renew the bound ({RENEW}), so that the gain stays'
    return True, f'kept, {percent:+.1f} %'


def figures_of(program):
    stored = json.loads(BOUNDS.read_text())
    figures = []
    for path in PATHS:
        counted = count(program, path)
        bound = stored['instructions'][path]
        is_within, verdict = judge(counted, bound, stored['tolerance_percent'])
        figures.append({'measurement': 'instructions', 'system': path, 'instructions': counted, 'bound': bound,
                        'is_within': is_within, 'verdict': verdict})
    return figures


def measure(setup):
    if not shutil.which('valgrind'):
        return [{'measurement': 'instructions', 'system': 'ours',
                 'skipped': 'valgrind is not installed: scripts/setup --tests'}]
    setup.say('instructions of the hot path')
    return figures_of(setup.program('hot_path'))


def renew(program):
    stored = json.loads(BOUNDS.read_text())
    for path in PATHS:
        counted = count(program, path)
        before = stored['instructions'].get(path)
        stored['instructions'][path] = counted
        change = f'{(counted / before - 1) * 100:+.1f} %' if before else 'new'
        print(f'{path}: {counted:,} instructions, {change}')
    BOUNDS.write_text(json.dumps(stored, indent=2) + '\n')


def check(program):
    """True when every path is within its bound; says what was counted."""
    figures = figures_of(program)
    for figure in figures:
        print(f"{figure['system']}: {figure['instructions']:,} instructions, bound {figure['bound']:,}: "
              f"{figure['verdict']}")
    if all(figure['is_within'] for figure in figures):
        return True
    print('A path takes more instructions than before. See what with\n'
          f'  valgrind --tool=callgrind --toggle-collect={FUNCTION} --dump-instr=yes {program} PATH {REPEATS}\n'
          '  callgrind_annotate callgrind.out.*\n'
          f'and if it is worth them, renew the bound: {RENEW}', file=sys.stderr)
    return False


def main():
    parser = argparse.ArgumentParser(description='Checks the instructions of the hot path.')
    parser.add_argument('--build', type=Path, default=ROOT / 'build/release')
    parser.add_argument('--renew', action='store_true')
    options = parser.parse_args()
    if not shutil.which('valgrind'):
        sys.exit('valgrind is not installed: scripts/setup --tests')
    program = options.build / 'bin/bench_hot_path'
    try:
        if options.renew:
            renew(program)
            return 0
        return 0 if check(program) else 1
    except Failure as failure:
        sys.exit(str(failure))


if __name__ == '__main__':
    sys.exit(main())

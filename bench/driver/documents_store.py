"""The store of documents of one node, on its disk."""
import json
import subprocess

from processes import Failure

RUN_MAX_S = 1200
QUICK = ('--documents', 20_000, '--fuzzed', 1_000, '--seconds', 1)


def measure(setup):
    setup.say('the store of documents of one node')
    command = [setup.program('documents_store'), '--folder', setup.new_folder(), *(QUICK if setup.is_quick else ())]
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=RUN_MAX_S, check=False)
    # It ends with 1 when a limit is not kept, which its figures say.
    if run.returncode not in (0, 1) or not run.stdout:
        raise Failure(f'bench_documents_store: {run.stderr[-300:]}')
    return [figure_of(json.loads(line)) for line in run.stdout.splitlines()]


def figure_of(line):
    what, limit, passed = line.pop('measured'), line.pop('limit', None), line.pop('passed', None)
    return {'measurement': 'documents-store', 'system': 'ours', 'what': what, **line,
            'figures': ', '.join(f"{name.replace('_', ' ')} {value:,}" for name, value in line.items()),
            'bound': '–' if limit is None else f'< {limit:,}',
            'verdict': {True: 'kept', False: '**missed**', None: '–'}[passed]}

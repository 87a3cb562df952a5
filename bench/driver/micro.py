"""Single steps of the hot path, by google-benchmark."""
import json
import subprocess

from processes import Failure

SECONDS_EACH = 0.3
QUICK_SECONDS_EACH = 0.001
RUN_MAX_S = 600

NANOS = {'ns': 1.0, 'us': 1e3, 'ms': 1e6}


def measure(setup):
    setup.say('single steps')
    seconds = QUICK_SECONDS_EACH if setup.is_quick else SECONDS_EACH
    run = subprocess.run([setup.program('micro'), '--benchmark_format=json', f'--benchmark_min_time={seconds}'],
                         capture_output=True, text=True, timeout=RUN_MAX_S, check=False)
    if run.returncode != 0:
        raise Failure(f'bench_micro: {run.stderr[-300:]}')
    return [{'measurement': 'micro', 'system': step['name'].replace('/', ', '),
             'cpu_ns': round(step['cpu_time'] * NANOS[step['time_unit']], 1)}
            for step in json.loads(run.stdout)['benchmarks']]

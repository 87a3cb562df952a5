"""The smallest request, GET /ping, on many connections: our server beside a bare handler of cpp-httplib."""
import shutil
import subprocess

import machine
import rounds
import systems
from processes import Child, Failure

CONNECTIONS = 64
MICROS = {'us': 1.0, 'ms': 1e3, 's': 1e6}


def measure(setup):
    if not shutil.which('wrk'):
        return [{'measurement': 'leaf', 'system': 'ours', 'skipped': 'wrk is not installed: scripts/setup --bench'}]
    setup.say('GET /ping')
    with systems.closing_all([]) as running:
        running.append(bare_handler(setup))
        running.append(own_node(setup))
        measured = {}
        for _ in range(setup.rounds):
            for system in running:
                measured.setdefault(system.name, []).append(
                    rounds.measured(setup, system, CONNECTIONS, max(setup.seconds, 1.0)))
        figures = []
        for system in running:
            rss, _, threads = machine.memory(system.pids)
            figures.append({'measurement': 'leaf', 'system': system.name, 'connections': CONNECTIONS,
                            **rounds.summary(measured[system.name], ('p50_us', 'p99_us', 'per_s', 'cpu_us')),
                            'threads': threads, 'rss_mib': round(rss, 1)})
        return figures


def bare_handler(setup):
    child = Child([setup.program('httplib'), '--threads', CONNECTIONS])
    try:
        _, ready = child.wait_for(lambda line: 'ports' in line)
    except BaseException:
        child.stop()
        raise
    return systems.System('cpp-httplib', [child], ready['pids'], wrk(ready['ports'][0]))


def own_node(setup):
    network = systems.OwnNetwork(setup, 1, is_one_process=True)
    system = systems.System('ours', network.children, network.pids, wrk(network.port))
    system.close = network.close
    return system


def wrk(port):
    """A function that measures a port; wrk tells percentiles, and counts errors."""
    def ask(connections, seconds):
        whole = max(1, round(seconds))
        run = subprocess.run(['wrk', '-t1', f'-c{connections}', f'-d{whole}s', '--latency',
                              f'http://127.0.0.1:{port}/ping'],
                             capture_output=True, text=True, timeout=whole + 30, check=False)
        return parse(run.stdout)
    return ask


def parse(text):
    """What wrk printed, with times in microseconds."""
    result = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] in (['50%'], ['99%']):
            result[f'p{words[0][:2]}_us'] = micros(words[1])
        elif line.startswith('Requests/sec:'):
            result['per_s'] = float(words[1])
        elif 'Non-2xx' in line or 'Socket errors' in line:
            raise Failure(f'wrk: {line.strip()}')
    if 'per_s' not in result:
        raise Failure(f'wrk says no figures: {text[-200:]}')
    return result


def micros(text):
    unit = text.lstrip('0123456789.')
    return float(text[:-len(unit)]) * MICROS[unit]

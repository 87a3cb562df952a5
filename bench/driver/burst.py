"""Many traversals at once with large answers from every node: memory, and failures."""
import time

import machine
import systems
from processes import Failure, run_json

RECORD_BYTES = 200
RECORDS = 1024  # 200 KiB from every node
PATIENCE_S = 120

# The option that bounds what answers may take in a node, and what it is set to, in MiB: its default and others.
BUDGET_OPTION = 'request.traversalMemory'
BURSTS = ((256, 24), (128, 24), (512, 24), (256, 48))  # (budget, traversals at once)


def measure(setup):
    nodes, bursts = (9, ((256, 4),)) if setup.is_quick else (100, BURSTS)
    return [measure_burst(setup, nodes, *burst) for burst in bursts]


def measure_burst(setup, nodes, budget_mib, at_once):
    setup.say(f'{at_once} traversals at once with {RECORDS * RECORD_BYTES // 1024} KiB from each of {nodes} nodes, '
              f'budget {budget_mib} MiB')
    network = systems.OwnNetwork(setup, nodes, is_one_process=False, settings=[f'{BUDGET_OPTION}={budget_mib}mb'])
    try:
        network.settle()
        coordinator = network.pids[0]
        idle, _, _ = machine.memory([coordinator])
        begun = time.monotonic()
        with machine.Watch(network.pids) as watch:
            result = ask(setup, network, nodes, at_once)
        peaks = sorted(machine.peak_memory(pid) for pid in network.pids[1:])
        return {'measurement': 'burst', 'system': 'ours', 'nodes': nodes, 'at_once': at_once,
                'answer_kib': RECORDS * RECORD_BYTES // 1024, 'budget_mib': budget_mib,
                'seconds': round(time.monotonic() - begun, 1),
                'idle_mib': round(idle, 1), 'peak_mib': round(machine.peak_memory(coordinator), 1),
                'peak_mib_of_others': round(peaks[-1], 1), 'others_pct': round(watch.others_pct, 1),
                **result}
    finally:
        network.close()


def ask(setup, network, nodes, at_once):
    """Failures, and an example of one."""
    body = f'{{"records":{RECORDS},"timeout":60000}}'
    try:
        result = run_json([setup.program('load'), '--port', network.port, '--path', systems.RECORDS_PATH,
                           '--body', body, '--expect', f'"nodesAnswered":{nodes},', '--connections', at_once,
                           '--requests', 1, '--patience', PATIENCE_S], PATIENCE_S * 2)
    except Failure as error:
        return {'failures': at_once, 'example': str(error)}
    found = {'failures': result['bad'], 'mib_answered': round(result['bytes'] / 2**20, 1)}
    if result['bad']:
        found['example'] = result['first_bad'][:300]
    return found

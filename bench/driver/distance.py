"""A coordinator whose masters are far away: 100 of them, each with 100 slaves, all mocked by one process."""
import machine
import rounds
import systems
from processes import Child, run_json

ROUND_TRIP_MS = 50
ROUND_TRIPS = 2  # to the masters, and theirs to their slaves
LIST_LENGTH = 100


def measure(setup):
    count = 10 if setup.is_quick else 100
    nodes = count * LIST_LENGTH
    setup.say(f'{nodes} nodes behind {count} late masters')
    delay = ROUND_TRIP_MS * ROUND_TRIPS
    with systems.closing_all([]) as running:
        mock = Child([setup.program('late_masters'), '--masters', count, '--list-length', LIST_LENGTH,
                      '--delay', delay])
        running.append(systems.System('mock', [mock], [], None))
        _, ready = mock.wait_for(lambda line: 'ports' in line)
        masters = [f'127.0.0.1:{port}' for port in ready['ports']]
        coordinator = systems.Coordinator(setup, masters, LIST_LENGTH, nodes)
        running.append(coordinator)
        return [measure_action(setup, coordinator, ready['pids'], nodes, delay, action)
                for action in ('count', 'records')]


def measure_action(setup, coordinator, mock_pids, nodes, delay, action):
    """What the coordinator adds to the round trips: its median when it is asked one at a time."""
    body = '{"records":1,"timeout":10000}' if action == 'records' else '{"timeout":10000}'
    command = [setup.program('load'), '--port', coordinator.port, '--path', f'/client/{action}',
               '--body', body, '--expect', f'"nodesAnswered":{nodes},', '--requests', 5 if setup.is_quick else 20]
    some = []
    for _ in range(setup.rounds):
        setup.wait_until_calm()
        pids = [*coordinator.pids, *mock_pids]
        before = machine.cpu_seconds(coordinator.pids)
        with machine.Watch(pids) as watch:
            result = run_json(command, 60)
        own = machine.cpu_seconds(coordinator.pids) - before
        if result['bad']:
            some.append({'error': f"{result['bad']} wrong answers: {result['first_bad']}"})
            continue
        some.append({'total_ms': result['p50_us'] / 1e3, 'added_ms': result['p50_us'] / 1e3 - delay,
                     'worst_added_ms': result['max_us'] / 1e3 - delay,
                     'coordinator_cpu_ms': own / result['count'] * 1e3, 'others_pct': watch.others_pct})
    keys = ('total_ms', 'added_ms', 'worst_added_ms', 'coordinator_cpu_ms')
    return {'measurement': 'distance', 'system': 'ours', 'action': action, 'nodes': nodes,
            'round_trips_ms': delay, **rounds.summary(some, keys)}

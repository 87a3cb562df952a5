"""What nodes cost that nobody asks: memory, threads and CPU time."""
import time

import machine
import systems

# Of the first intervals after a network has formed nothing counts: it is still finding its shape.
SETTLE_INTERVALS = 2
IDLE_INTERVALS = 4
SYNC_S = 16.0
CROWD_SETTLE_S = 300.0
UPSTREAM_NODES = 25


def measure(setup):
    if setup.is_quick:
        return [own_processes(setup, 9, sync_s=1.0)]
    figures = [own_processes(setup, nodes, SYNC_S) for nodes in (25, 100)]
    return figures + [upstream(setup)]


def own_processes(setup, nodes, sync_s):
    setup.say(f'memory and idle CPU of {nodes} nodes')
    network = systems.OwnNetwork(setup, nodes, is_one_process=False, sync=f'{sync_s:g}s')
    try:
        network.settle()
        figure = idle_figure('ours', nodes, network.pids, sync_s)
        network.count()(16, setup.seconds)
        rss, pss, _ = machine.memory(network.pids)
        figure.update(rss_mib_after_load=round(rss / nodes, 2), pss_mib_after_load=round(pss / nodes, 2))
        return figure
    finally:
        network.close()


def upstream(setup):
    reason = systems.why_no_upstream(setup)
    if reason:
        return {'measurement': 'footprint', 'system': 'upstream', 'nodes': UPSTREAM_NODES, 'skipped': reason}
    setup.say(f'memory and idle CPU of {UPSTREAM_NODES} nodes of upstream')
    network = systems.UpstreamNetwork(setup, UPSTREAM_NODES, sync_ms=int(SYNC_S * 1000))
    try:
        network.settle(CROWD_SETTLE_S)
        return idle_figure('upstream', UPSTREAM_NODES, network.pids, SYNC_S)
    except systems.Failure as error:
        return {'measurement': 'footprint', 'system': 'upstream', 'nodes': UPSTREAM_NODES,
                'skipped': str(error)}
    finally:
        network.close()


def idle_figure(system, nodes, pids, sync_s):
    """Of a network that has just formed: waits, and then watches it."""
    time.sleep(SETTLE_INTERVALS * sync_s)
    with machine.Watch(pids) as watch:
        time.sleep(IDLE_INTERVALS * sync_s)
    rss, pss, threads = machine.memory(pids)
    return {'measurement': 'footprint', 'system': system, 'nodes': nodes, 'sync_s': sync_s,
            'rss_mib': round(rss / nodes, 2), 'pss_mib': round(pss / nodes, 2),
            'threads': round(threads / nodes, 1),
            'cpu_pct': round(watch.cpu_s / watch.seconds / nodes * 100, 4),
            'cpu_ms_per_sync': round(watch.cpu_s / nodes / (watch.seconds / sync_s) * 1e3, 3),
            'others_pct': round(watch.others_pct, 1)}


def measure_crowd(setup):
    """A thousand nodes in one process."""
    nodes = 40 if setup.is_quick else 1000
    setup.say(f'{nodes} nodes in one process')
    network = systems.OwnNetwork(setup, nodes, is_one_process=True)
    try:
        agreed = network.agreement(CROWD_SETTLE_S)
        if agreed is None:
            return [{'measurement': 'crowd', 'system': 'ours, one process', 'nodes': nodes,
                     'errors': [f'no agreement after {CROWD_SETTLE_S:.0f} s']}]
        # By then workers and connections that only forming needed are gone.
        time.sleep(5.0 if setup.is_quick else 60.0)
        with machine.Watch(network.pids) as watch:
            time.sleep(2.0 if setup.is_quick else 2 * SYNC_S)
        rss, pss, threads = machine.memory(network.pids)
        return [{'measurement': 'crowd', 'system': 'ours, one process', 'nodes': nodes,
                 'agreed_s': round(agreed - network.begun, 2), 'rss_mib': round(rss, 1),
                 'pss_mib': round(pss, 1), 'peak_mib': round(machine.peak_memory(network.pids[0]), 1),
                 'threads': threads, 'cpu_pct': round(watch.cpu_s / watch.seconds * 100, 2),
                 'others_pct': round(watch.others_pct, 1)}]
    finally:
        network.close()

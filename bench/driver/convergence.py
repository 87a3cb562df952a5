"""How long it takes until nodes that were started at once are one network."""
import statistics

import machine
import systems

LIMIT_S = 120.0


def measure(setup):
    """25 nodes with an interval of a second, told in intervals; 100 with the default one, in seconds."""
    cases = [(9, 1.0)] if setup.is_quick else [(25, 1.0), (100, 16.0)]
    figures = []
    for nodes, sync_s in cases:
        for is_one_process in (True, False):
            setup.say(f"{nodes} nodes start at once, {'one process' if is_one_process else 'a process each'}")
            figures.append(measure_one(setup, nodes, sync_s, is_one_process))
    return figures


def measure_one(setup, nodes, sync_s, is_one_process):
    spans, busy = [], []
    for _ in range(setup.rounds):
        setup.wait_until_calm()
        span, others = one_round(setup, nodes, sync_s, is_one_process)
        spans.append(span)
        busy.append(others)
    reached = sorted(span for span in spans if span is not None)
    worst = None if len(reached) < len(spans) else reached[-1]
    median = statistics.median(reached) if reached else None
    return {'measurement': 'convergence', 'system': 'ours, one process' if is_one_process else 'ours',
            'nodes': nodes, 'sync_s': sync_s, 'rounds': len(spans), 'failed': spans.count(None),
            'median_s': median and round(median, 2), 'worst_s': worst and round(worst, 2),
            'median_intervals': median and round(median / sync_s, 2),
            'worst_intervals': worst and round(worst / sync_s, 2),
            'others_pct': round(statistics.median(busy), 1)}


def one_round(setup, nodes, sync_s, is_one_process):
    """Seconds until agreement, or None, and the share of the machine that others used.

    In one process it is counted from the start of the process. Processes take the machine seconds to start,
    which is not what is measured; so there it is counted from the moment when the last one serves.
    """
    with machine.Watch([]) as watch:  # the processes end meanwhile, so they count as clients do
        network = systems.OwnNetwork(setup, nodes, is_one_process, sync=f'{sync_s:g}s')
        try:
            moment = network.agreement(LIMIT_S)
        finally:
            network.close()
    begun = network.begun if is_one_process else network.up
    return (None if moment is None else max(moment - begun, 0.0)), watch.others_pct

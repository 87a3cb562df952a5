"""One question to all nodes: how long it takes, and how many can be asked in a second."""
import rounds
import systems

KEYS = ('p50_us', 'p99_us', 'per_s', 'cpu_us')

# The Node.js package needs minutes to form a network of more nodes than this.
UPSTREAM_NODES_MAX = 25
UPSTREAM_SETTLE_S = 300.0


def figure(system, nodes, **values):
    return {'measurement': 'traversal', 'system': system, 'nodes': nodes, **values}


def measure(setup):
    figures = []
    for nodes in setup.nodes:
        setup.say(f'traversal of {nodes} nodes')
        figures += measure_one(setup, nodes)
    return figures


def measure_one(setup, nodes):
    skipped = []
    with systems.closing_all([]) as running:
        running.append(systems.limit(setup, nodes))
        running.append(systems.limit(setup, nodes, is_pipelined=True))
        if systems.nats_program(setup):
            running.append(systems.nats(setup, nodes))
        else:
            skipped.append(figure('NATS', nodes, skipped='nats-server is not there: scripts/setup --bench'))
        for is_one_process in (False, True):
            running.append(systems.own(setup, nodes, is_one_process))
        asked = running + [with_records(system) for system in running if system.name.startswith('ours')]
        if reason := systems.why_not_alike():
            skipped.append(figure(systems.OURS_ALIKE, nodes, skipped=reason))
        else:
            running.append(systems.own_alike(setup, nodes))
            asked.append(running[-1])
        skipped += start_upstream(setup, nodes, running, asked)
        measured = rounds.interleaved(asked, setup, setup.seconds)
    return skipped + [figure(name, nodes, connections=connections, **rounds.summary(some, KEYS))
                      for (name, connections), some in measured.items()]


def with_records(system):
    """The same nodes, asked for 200 bytes of each, which all come back to the client."""
    return systems.System(f'{system.name}, records', [], system.pids, system.network.records())


def start_upstream(setup, nodes, running, asked):
    """Adds upstream's network to both lists, or gives a figure that says why not."""
    reason = systems.why_no_upstream(setup)
    if nodes > UPSTREAM_NODES_MAX:
        reason = f'more than {UPSTREAM_NODES_MAX} nodes of it are not measured'
    if setup.is_quick:
        reason = 'a quick run leaves it out'
    if reason:
        return [figure('upstream', nodes, skipped=reason)]
    network = systems.UpstreamNetwork(setup, nodes, sync_ms=16_000)
    upstream = systems.System('upstream', network.children, network.pids, network.count)
    upstream.close = network.close
    running.append(upstream)
    try:
        network.settle(UPSTREAM_SETTLE_S)
    except systems.Failure as error:
        return [figure('upstream', nodes, skipped=str(error))]
    asked.append(upstream)
    return []

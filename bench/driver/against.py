"""Traversals of two builds, in turns in one run: what a change has brought, whatever the machine does meanwhile."""
import rounds
import systems

KEYS = ('p50_us', 'p99_us', 'per_s', 'cpu_us')
BUILDS = ('other', 'this')


def why_not(build):
    """Why a folder is no build that can be measured, or None when it is one."""
    program = systems.node_of(build)
    return None if program.is_file() else f'{program} is not there'


def measure(setup, other):
    """Figures of both builds. The load client is that of this one: it is no part of what is compared."""
    figures = []
    for nodes in setup.nodes:
        setup.say(f'traversal of {nodes} nodes, against {other}')
        figures += measure_one(setup, other, nodes)
    return figures


def measure_one(setup, other, nodes):
    asked = {}
    with systems.closing_all([]) as running:
        for is_one_process in (False, True):
            for build, program in zip(BUILDS, (systems.node_of(other), setup.program('node'))):
                system = systems.own(setup, nodes, is_one_process, program)
                running.append(system)
                name = f'{system.name}, {build} build'
                asked[name] = (system.name, build)
                system.name = name
        measured = rounds.interleaved(running, setup, setup.seconds)
    return [{'measurement': 'against', 'system': asked[name][0], 'build': asked[name][1], 'nodes': nodes,
             'connections': connections, **rounds.summary(some, KEYS)}
            for (name, connections), some in measured.items()]

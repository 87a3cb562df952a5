"""What the CPU time of a traversal is spent on, and how many system calls it takes."""
import shutil
import subprocess

import rounds
import systems
import work
from processes import Failure

SECONDS = 3.0
SAMPLES_PER_S = 2000
STACK_BYTES = 8192
RUN_MAX_S = 120

COUNTED = {'raw_syscalls:sys_enter': 'syscalls', 'syscalls:sys_enter_futex': 'futex',
           'syscalls:sys_enter_epoll_wait': 'epoll_wait', 'syscalls:sys_enter_epoll_pwait2': 'epoll_wait',
           'syscalls:sys_enter_epoll_ctl': 'epoll_ctl',
           'syscalls:sys_enter_sendto': 'send', 'syscalls:sys_enter_recvfrom': 'recv',
           'syscalls:sys_enter_poll': 'poll', 'sched:sched_switch': 'switches'}


def measure(setup):
    reason = why_not()
    if reason:
        return [{'measurement': 'cpu', 'system': 'ours', 'skipped': reason}]
    figures = []
    for nodes in setup.nodes if setup.is_quick else (25, 100):
        setup.say(f'CPU time of a traversal of {nodes} nodes')
        with systems.closing_all([]) as running:
            running.append(systems.limit(setup, nodes))
            running += [systems.own(setup, nodes, is_one_process) for is_one_process in (False, True)]
            figures += [measure_one(setup, system, nodes, connections)
                        for system in running for connections in (1, 16)]
    return figures


def why_not():
    if not shutil.which('perf'):
        return 'perf is not installed: scripts/setup --bench'
    probe = subprocess.run(['perf', 'stat', '-e', 'raw_syscalls:sys_enter', 'true'], capture_output=True,
                           check=False)
    return 'perf may not count system calls: only root may, by default' if probe.returncode else None


def measure_one(setup, system, nodes, connections):
    """The figure of a system; when it fails, one that says so."""
    try:
        return figure_of(setup, system, nodes, connections)
    except Failure as error:
        return {'measurement': 'cpu', 'system': system.name, 'nodes': nodes, 'connections': connections,
                'skipped': str(error)}


def figure_of(setup, system, nodes, connections):
    clean = rounds.measured(setup, system, connections, setup.seconds)
    if 'error' in clean:
        raise Failure(clean['error'])
    # On each connection, so that the client is busy for about that long under perf as well.
    requests = max(1, round(clean['per_s'] * (setup.seconds if setup.is_quick else SECONDS) / connections))
    client = system.ask.command(connections, requests=requests)
    counts = watched(['stat', '-x,', '-e', ','.join(COUNTED)], system.pids, client)
    figure = {'measurement': 'cpu', 'system': system.name, 'nodes': nodes, 'connections': connections,
              'cpu_us': round(clean['cpu_us'], 1), 'others_pct': round(clean['others_pct'], 1)}
    for line in counts.splitlines():
        fields = line.split(',')
        if len(fields) > 2 and fields[2] in COUNTED and fields[0].isdigit():
            call = COUNTED[fields[2]]
            figure[call] = round(figure.get(call, 0) + int(fields[0]) / (requests * connections), 1)
    if system.name.startswith('ours'):
        data = setup.new_folder() / 'perf.data'
        watched(['record', '-q', '-F', SAMPLES_PER_S, '-e', 'cpu-clock', '--call-graph', f'dwarf,{STACK_BYTES}',
                 '-o', data], system.pids, client)
        figure['shares'] = work.shares(stacks_of(data))
        data.unlink()  # it is large
    return figure


def watched(arguments, pids, client):
    """Runs perf on processes while a client asks them; what perf says."""
    command = ['perf', arguments[0], '-p', ','.join(map(str, pids)), *arguments[1:], '--', *client]
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=RUN_MAX_S, check=False)
    if run.returncode:
        raise Failure(f'perf: {run.stderr[-300:]}')
    return run.stderr


def stacks_of(data):
    run = subprocess.run(['perf', 'script', '-i', data, '-F', 'comm,ip,sym,dso', '--no-inline'],
                         capture_output=True, text=True, timeout=RUN_MAX_S, check=False)
    if run.returncode:
        raise Failure(f'perf: {run.stderr[-300:]}')
    return run.stdout

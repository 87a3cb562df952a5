"""What the machine does meanwhile: CPU time, memory and threads of processes, and who else is busy."""
import os
import platform
import resource
import subprocess
import time
from pathlib import Path

TICKS_PER_S = os.sysconf('SC_CLK_TCK')

# A round in which others used more of the machine than this does not count when calmer ones are there.
CALM_PERCENT = 15.0
CALM_LOOK_S = 0.15


def cpu_seconds(pids):
    """CPU time of processes so far, threads that have ended included. Raises OSError when one is gone."""
    # The clock of a process, as clock_getcpuclockid(3) makes its name out of the process id.
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def memory(pids):
    """Sums over processes: resident and proportional memory in MiB, and threads."""
    totals = {'Rss': 0, 'Pss': 0}
    threads = 0
    for pid in pids:
        for line in Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
            name, _, rest = line.partition(':')
            if name in totals:
                totals[name] += int(rest.split()[0])
        threads += len(os.listdir(f'/proc/{pid}/task'))
    return totals['Rss'] / 1024, totals['Pss'] / 1024, threads


def peak_memory(pid):
    """The most that a process ever had resident, in MiB."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f'process {pid} does not tell its peak')


def machine_seconds():
    """(busy, all) CPU time of the whole machine so far."""
    fields = [int(text) for text in Path('/proc/stat').read_text().split('\n', 1)[0].split()[1:9]]
    everything = sum(fields)
    idle = fields[3] + fields[4]
    return (everything - idle) / TICKS_PER_S, everything / TICKS_PER_S


def own_seconds():
    """CPU time of this program and of the clients that it ran to their end."""
    return sum(usage.ru_utime + usage.ru_stime
               for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


class Watch:
    """While a measurement runs: how long it takes, CPU time of the processes measured, and of others."""

    def __init__(self, pids):
        self.pids = list(pids)

    def __enter__(self):
        self.begun = time.monotonic()
        self.before = (cpu_seconds(self.pids), own_seconds(), *machine_seconds())
        return self

    def __exit__(self, kind, _error, _trace):
        if kind is not None:
            return
        measured, own, busy, everything = (
            now - then for now, then in
            zip((cpu_seconds(self.pids), own_seconds(), *machine_seconds()), self.before))
        self.seconds = time.monotonic() - self.begun
        self.cpu_s = measured
        # Share of the machine in percent; counters of different grain can make it slightly negative.
        self.others_pct = max(0.0, (busy - measured - own) / max(everything, 0.01) * 100)


def wait_until_calm(seconds):
    """Waits until others use little of the machine, at most so long; how long it was."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with Watch([]) as watch:
            time.sleep(CALM_LOOK_S)
        if watch.others_pct < CALM_PERCENT:
            break
    return time.monotonic() - begun


def commit(root):
    """The commit of the checkout, with a mark when files differ from it."""
    run = subprocess.run(['git', '-C', root, 'describe', '--always', '--dirty', '--abbrev=12'],
                         capture_output=True, text=True, check=False)
    return run.stdout.strip() or 'unknown'


def describe():
    """What a reader must know about the machine to compare figures."""
    names = [line.partition(':')[2].strip() for line in Path('/proc/cpuinfo').read_text().splitlines()
             if line.startswith('model name')]
    pages = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    return {'cpu': names[0] if names else platform.machine(), 'cores': os.cpu_count(),
            'memory_gib': round(pages / 2**30, 1), 'kernel': platform.release()}

"""What the figures of one run are held against."""
from dataclasses import dataclass
from typing import Callable

from documents import OPERATIONS
from systems import OURS_ALIKE


NOT_IN_RUN = 'not a part of this run'


class NotMeasured(Exception):
    """Says why."""


@dataclass
class Seen:
    text: str
    is_kept: bool | None  # the bound; None when it can't be told
    is_aim: bool | None   # the aim, where there is one
    is_calm: bool = True


@dataclass
class Bound:
    what: str
    least: str
    aim: str
    look: Callable  # from figures to Seen; raises NotMeasured

    def judge(self, figures):
        """(seen, verdict) as texts."""
        try:
            seen = self.look(figures)
        except NotMeasured as reason:
            return f'not measured: {reason}', '–'
        verdict = {True: 'kept', False: '**missed**', None: 'not told'}[seen.is_kept]
        if seen.is_aim:
            verdict += ', aim reached'
        return seen.text, verdict if seen.is_calm else f'{verdict} (noisy)'


def find(figures, **wanted):
    """The one figure with these values."""
    for figure in figures:
        if all(figure.get(key) == value for key, value in wanted.items()):
            if 'skipped' in figure:
                raise NotMeasured(figure['skipped'])
            return figure
    raise NotMeasured(NOT_IN_RUN)


def value(figure, key):
    if figure.get(key) is None:
        raise NotMeasured('; '.join(figure.get('errors', ['no round went well'])))
    return figure[key]


def is_calm(*figures):
    return all(figure.get('calm_rounds', 3) >= min(3, figure.get('rounds', 3)) for figure in figures)


def traversal(figures, system, nodes, connections):
    # A system that could not be measured at all has one figure without connections.
    for figure in figures:
        if (figure['measurement'], figure['system'], figure.get('nodes')) == ('traversal', system, nodes) \
                and 'skipped' in figure:
            raise NotMeasured(figure['skipped'])
    return find(figures, measurement='traversal', system=system, nodes=nodes, connections=connections)


def latency(nodes, key, least, aim, is_below_nats, system='ours'):
    def look(figures):
        ours, limit = (traversal(figures, name, nodes, 1) for name in (system, 'HTTP limit'))
        ratio = value(ours, key) / value(limit, key)
        text = f'{ratio:.2f} × ({ours[key] / 1e3:.2f} ms to {limit[key] / 1e3:.2f} ms)'
        reaches = ratio <= aim
        if is_below_nats:
            try:
                nats = value(traversal(figures, 'NATS', nodes, 1), key)
                text += f'; NATS {nats / 1e3:.2f} ms'
                reaches = reaches and ours[key] < nats
            except NotMeasured as reason:
                text += f'; NATS not measured: {reason}'
                reaches = None
        return Seen(text, ratio <= least, reaches, is_calm(ours, limit))
    return look


def throughput(nodes, least):
    def look(figures):
        ours, limit = (traversal(figures, system, nodes, 16) for system in ('ours', 'HTTP limit'))
        ratio = value(ours, 'per_s') / value(limit, 'per_s')
        text = f"{ratio:.2f} × ({ours['per_s']:,.0f}/s to {limit['per_s']:,.0f}/s)"
        try:
            nats = value(traversal(figures, 'NATS', nodes, 16), 'per_s')
            return Seen(f'{text}; NATS {nats:,.0f}/s', ratio >= least, ours['per_s'] >= nats,
                        is_calm(ours, limit))
        except NotMeasured as reason:
            return Seen(f'{text}; NATS not measured: {reason}', ratio >= least, None, is_calm(ours, limit))
    return look


def against_upstream(nodes, key, connections, least, aim):
    def look(figures):
        theirs, ours = (traversal(figures, system, nodes, connections) for system in ('upstream', 'ours'))
        pair = value(theirs, key), value(ours, key)
        ratio = pair[0] / pair[1] if key == 'p50_us' else pair[1] / pair[0]
        return Seen(f'{ratio:,.0f} ×', ratio >= least, ratio >= aim, is_calm(ours, theirs))
    return look


def documents(operation, key, connections):
    def look(figures):
        reasons = [figure['skipped'] for figure in figures
                   if figure['measurement'] == 'documents' and 'skipped' in figure]
        if reasons:
            raise NotMeasured(reasons[0])
        theirs, ours = (find(figures, measurement='documents', operation=operation, system=system,
                             connections=connections) for system in ('upstream', 'ours'))
        pair = value(theirs, key), value(ours, key)
        if not pair[0]:
            raise NotMeasured('upstream gave no right answer')
        ratio = pair[0] / pair[1] if key == 'p50_us' else pair[1] / pair[0]
        return Seen(f'{ratio:,.1f} ×', ratio >= 10, None, is_calm(ours, theirs))
    return look


def memory(nodes):
    def look(figures):
        ours = find(figures, measurement='footprint', system='ours', nodes=nodes)
        rss, pss = ours['rss_mib'], ours['pss_mib']
        text = (f"{rss:.1f} and {pss:.1f} MiB; after load {ours['rss_mib_after_load']:.1f} and "
                f"{ours['pss_mib_after_load']:.1f}")
        return Seen(text, rss <= 14 and pss <= 5, rss <= 9 and pss <= 3)
    return look


def crowd(figures):
    ours = find(figures, measurement='crowd', nodes=1000)
    rss, threads = value(ours, 'rss_mib'), ours['threads']
    return Seen(f"{rss:,.0f} MiB, {threads} threads; {ours['peak_mib']:,.0f} MiB at most, agreed after "
                f"{ours['agreed_s']:.1f} s", rss <= 1536 and threads < 60, rss <= 600)


def idle(nodes):
    def look(figures):
        ours = find(figures, measurement='footprint', system='ours', nodes=nodes)
        text = f"{ours['cpu_pct']:.4f} % of a core, {ours['cpu_ms_per_sync']:.2f} ms per sync"
        is_calm_enough = ours['others_pct'] < 15
        try:
            theirs = find(figures, measurement='footprint', system='upstream', nodes=25)
        except NotMeasured as reason:
            return Seen(f'{text}; upstream not measured: {reason}', None, ours['cpu_pct'] <= 0.02,
                        is_calm_enough)
        ratio = theirs['cpu_pct'] / ours['cpu_pct']
        return Seen(f'{text}; 1/{ratio:.0f} of upstream’s at N = 25', ratio >= 20, ours['cpu_pct'] <= 0.02,
                    is_calm_enough)
    return look


def convergence(nodes, key, unit, least, aim):
    def look(figures):
        parts, worsts = [], []
        for system, name in (('ours, one process', 'one process'), ('ours', 'a process each')):
            figure = find(figures, measurement='convergence', system=system, nodes=nodes)
            if figure['failed']:
                return Seen(f"{name}: {figure['failed']} of {figure['rounds']} rounds never agreed", False, False)
            worsts.append(figure[f'worst_{key}'])
            parts.append(f"{name} {figure[f'median_{key}']:.1f}{unit}, worst {worsts[-1]:.1f}{unit}")
        return Seen('; '.join(parts), max(worsts) <= least, max(worsts) <= aim)
    return look


def leaf(figures):
    ours, bare = (find(figures, measurement='leaf', system=system) for system in ('ours', 'cpp-httplib'))
    ratio = value(ours, 'per_s') / value(bare, 'per_s')
    return Seen(f"{ratio:.2f} × ({ours['per_s']:,.0f}/s to {bare['per_s']:,.0f}/s)", ratio >= 0.8, ratio >= 1.2,
                is_calm(ours, bare))


def distance(action):
    def look(figures):
        ours = find(figures, measurement='distance', action=action, nodes=10_000)
        added = value(ours, 'added_ms')
        return Seen(f"{added:.1f} ms, of CPU {ours['coordinator_cpu_ms']:.1f} ms", added <= 20, added <= 10,
                    is_calm(ours))
    return look


def burst(figures):
    find(figures, measurement='burst', nodes=100)
    ours = [figure for figure in figures if figure['measurement'] == 'burst' and figure.get('nodes') == 100]
    texts = [f"{figure['at_once']} at once, budget {figure['budget_mib']}: {figure['peak_mib']:,.0f} MiB in the "
             f"coordinator, {figure['failures']} failed" for figure in ours]
    is_kept = all(figure['peak_mib'] <= figure['idle_mib'] + figure['budget_mib'] and not figure['failures']
                  for figure in ours)
    return Seen('; '.join(texts), is_kept, None)


BOUNDS = [
    *(Bound(f'p50 latency, one process per node, N = {n}', '≤ 2.0 × HTTP limit', '≤ 1.5 ×, and below NATS',
            latency(n, 'p50_us', 2.0, 1.5, is_below_nats=True)) for n in (25, 100)),
    Bound('p99 latency, N = 100', '≤ 3 × HTTP limit’s', '≤ 2 ×',
          latency(100, 'p99_us', 3.0, 2.0, is_below_nats=False)),
    *(Bound(f'p50 latency, one process per node, all at the addresses of one, as the limit’s are, N = {n}',
            '≤ 2.0 × HTTP limit', '≤ 1.5 ×, and below NATS',
            latency(n, 'p50_us', 2.0, 1.5, is_below_nats=True, system=OURS_ALIKE)) for n in (25, 100)),
    *(Bound(f'throughput with 16 connections, N = {n}', '≥ 0.8 × HTTP limit', '≥ NATS', throughput(n, 0.8))
      for n in (25, 100)),
    Bound('against upstream, N = 25: latency', '≥ 40 × lower', '60 ×', against_upstream(25, 'p50_us', 1, 40, 60)),
    Bound('against upstream, N = 25: throughput', '≥ 80 ×', '200 ×', against_upstream(25, 'per_s', 16, 80, 200)),
    *(Bound(f'documents against upstream, {what}: {operation}', '≥ 10 ×', '', documents(operation, key, connections))
      for what, key, connections in (('latency', 'p50_us', 1), ('throughput', 'per_s', 16))
      for operation in OPERATIONS),
    Bound('memory per node process, N = 25', '≤ 14 MiB resident, ≤ 5 MiB proportional', '9, 3', memory(25)),
    Bound('1,000 nodes in one process, settled', '≤ 1.5 GiB, < 60 threads', '600 MiB', crowd),
    *(Bound(f'idle CPU per node, 16 s sync interval, N = {n}', '≤ 1/20 of upstream’s', '≤ 0.02 % of a core',
            idle(n)) for n in (25, 100)),
    Bound('25 nodes started at once agree', 'within 5 sync intervals', '3',
          convergence(25, 'intervals', '', 5, 3)),
    Bound('100 nodes started at once agree, 16 s interval', 'within 10 s', '3 s', convergence(100, 's', ' s', 10, 3)),
    Bound('leaf request GET /ping, wrk 64 connections', '≥ 0.8 × bare cpp-httplib handler', '1.2 ×', leaf),
    Bound('50 ms peers, 100 masters × 100 slaves: coordinator adds, counting', '≤ 20 ms', '≤ 10 ms',
          distance('count')),
    Bound('the same, with 200 bytes of each node', '≤ 20 ms', '≤ 10 ms', distance('records')),
    Bound('24 and 48 traversals at once, 200 KiB from each of 100 nodes',
          'no more than idle and the configured budget, no failure', '', burst),
]

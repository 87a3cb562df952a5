"""The figures of a run as Markdown, and their place in docs/performance.md."""
import bounds
import work

BEGIN = '<!-- scripts/bench writes from here -->'
END = '<!-- to here -->'


def markdown(run):
    """All tables of a run, which is what --json writes."""
    figures = run['figures']
    if is_comparison(run):
        return '\n\n'.join(part for part in (heading(run), against_table(figures), notes(figures)) if part) + '\n'
    parts = [heading(run), bounds_table(figures), traversal_table(figures), stages_table(figures),
             cpu_table(figures), footprint_table(figures), plain_tables(figures), documents_table(figures),
             store_table(figures), micro_table(figures), instruction_table(figures), notes(figures)]
    return '\n\n'.join(part for part in parts if part) + '\n'


def is_comparison(run):
    """Whether a run compares two builds, so that its tables are none of docs/performance.md."""
    return any(figure['measurement'] == 'against' for figure in run['figures'])


def heading(run):
    machine = run['machine']
    return (f"Commit `{run['commit']}`, {run['date']}, {run['rounds']} rounds; {machine['cores']} cores "
            f"({machine['cpu']}), {machine['memory_gib']} GiB, Linux {machine['kernel']}.")


def table(head, rows):
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(str(cell) for cell in line) + ' |' for line in lines)


def bounds_table(figures):
    rows = [(bound.what, bound.least, bound.aim, *bound.judge(figures)) for bound in bounds.BOUNDS]
    seen = [row for row in rows if row[3] != f'not measured: {bounds.NOT_IN_RUN}']
    parts = ['### Against the bounds']
    if seen:
        parts.append(table(('what', 'at least', 'aim', 'seen', 'verdict'), seen))
    if len(seen) < len(rows):
        parts.append(f'{len(rows) - len(seen)} bounds have no part in this run.')
    return '\n\n'.join(parts)


def number(value, scale=1.0, digits=2):
    return '–' if value is None else f'{value * scale:,.{digits}f}'


def traversal_table(figures):
    mine = [figure for figure in figures if figure['measurement'] == 'traversal' and 'connections' in figure]
    rows = []
    for system in dict.fromkeys(figure['system'] for figure in mine):
        for nodes in sorted({figure['nodes'] for figure in mine if figure['system'] == system}):
            one, many = (next(figure for figure in mine if (figure['system'], figure['nodes'],
                                                            figure['connections']) == (system, nodes, c))
                         for c in (1, 16))
            rows.append((system, nodes, number(one['p50_us'], 1e-3), number(one['p99_us'], 1e-3),
                         number(many['per_s'], digits=0), number(many['cpu_us'], digits=0),
                         number(max(one['others_pct'] or 0, many['others_pct'] or 0), digits=0)))
    if not rows:
        return ''
    return '### Traversals\n\n' + table(
        ('system', 'N', 'p50 ms, 1 connection', 'p99 ms', 'traversals/s, 16 connections',
         'CPU µs per traversal', 'others %'), rows)


AGAINST = (('p50 ms', 'p50_us', 1e-3, 2), ('p99 ms', 'p99_us', 1e-3, 2), ('traversals/s', 'per_s', 1, 0),
           ('CPU µs', 'cpu_us', 1, 0))


def against_table(figures):
    """The other build's figure, this one's, and how many times the other's that is."""
    pairs = {}
    for figure in measured_of(figures, 'against'):
        key = (figure['system'], figure['nodes'], figure['connections'])
        pairs.setdefault(key, {})[figure['build']] = figure
    rows = []
    for key, builds in sorted(pairs.items()):
        other, this = builds['other'], builds['this']
        cells = []
        for _, figure, scale, digits in AGAINST:
            before, after = other[figure], this[figure]
            ratio = f'{after / before:.2f} ×' if before and after is not None else '–'
            cells.append(f'{number(before, scale, digits)} → {number(after, scale, digits)} ({ratio})')
        busy = max(one['others_pct'] or 0 for one in (other, this))
        rows.append((*key, *cells, number(busy, digits=0)))
    return rows and '### The other build → this one\n\n' + table(
        ('system', 'N', 'connections', *(title for title, *_ in AGAINST), 'others %'), rows)


STAGES = {
    'coordinator_before': 'coordinator: from the request to the first question to a master',
    'coordinator_asking': 'coordinator: from the first question to the last',
    'master_before': 'master: from the request to the first question to a slave',
    'master_asking': 'master: from the first question to the last',
    'slave': 'slave: from the request to the answer',
    'slowest_slave': 'slave: the slowest of all',
    'master_waiting': 'master: from the last question to the last answer',
    'master_after': 'master: from the last answer to its own',
    'coordinator_waiting': 'coordinator: from the last question to the last answer',
    'coordinator_after': 'coordinator: from the last answer to its own',
    'whole': 'the whole traversal',
}


def measured_of(figures, measurement):
    return [figure for figure in figures if figure['measurement'] == measurement and 'skipped' not in figure]


def stages_table(figures):
    mine = measured_of(figures, 'stages')
    if not mine:
        return ''
    head = ('stage, median µs', *(f"{figure['system']}, N = {figure['nodes']}" for figure in mine))
    rows = [(text, *(number(figure[stage], digits=0) for figure in mine)) for stage, text in STAGES.items()]
    rows.append(('others %', *(number(figure['others_pct'], digits=0) for figure in mine)))
    return '### Stages of a traversal, one connection\n\n' + table(head, rows)


DOCUMENT_FIGURES = {'p50_us': 'p50 ms', 'p99_us': 'p99 ms', 'per_s': 'requests/s'}
CALLS = ('syscalls', 'send', 'recv', 'epoll_wait', 'epoll_ctl', 'poll', 'futex', 'switches')
def cpu_table(figures):
    mine = measured_of(figures, 'cpu')
    if not mine:
        return ''
    calls = table(('system', 'N', 'connections', 'CPU µs', *CALLS, 'others %'),
                  [(figure['system'], figure['nodes'], figure['connections'], number(figure['cpu_us'], digits=0),
                    *(number(figure.get(call), digits=0) for call in CALLS),
                    number(figure['others_pct'], digits=0)) for figure in mine])
    ours = [figure for figure in mine if figure['system'].startswith('ours')]
    rows = [(name, *(number(figure['shares'].get(name, 0), digits=1) for figure in ours))
            for name in work.KINDS + work.PLACES]
    head = ('% of the CPU time', *(f"{figure['system']}, N = {figure['nodes']}, {figure['connections']} conn."
                                   for figure in ours))
    return f'### CPU time and system calls of a traversal\n\n{calls}\n\n{table(head, rows)}'


def footprint_table(figures):
    rows = [(figure['system'], figure['nodes'], number(figure['rss_mib'], digits=1),
             number(figure['pss_mib'], digits=1), number(figure['threads'], digits=1),
             number(figure['cpu_pct'], digits=4), number(figure['cpu_ms_per_sync']),
             number(figure['others_pct'], digits=0))
            for figure in figures if figure['measurement'] == 'footprint' and 'skipped' not in figure]
    if not rows:
        return ''
    return '### One process per node, idle\n\n' + table(
        ('system', 'N', 'resident MiB', 'proportional MiB', 'threads', '% of a core', 'CPU ms per sync',
         'others %'), rows)


PLAIN = {'leaf': 'GET /ping', 'distance': 'A coordinator far from its masters',
         'burst': 'Many large answers at once', 'convergence': 'Nodes started at once',
         'crowd': 'Many nodes in one process'}
HIDDEN_KEYS = ('measurement', 'errors', 'example')


def plain_tables(figures):
    """What is a table as it stands: a column for each figure."""
    parts = []
    for measurement, title in PLAIN.items():
        mine = measured_of(figures, measurement)
        if not mine:
            continue
        keys = [key for key in dict.fromkeys(key for figure in mine for key in figure) if key not in HIDDEN_KEYS]
        rows = [[plain(figure.get(key)) for key in keys] for figure in mine]
        parts.append(f'### {title}\n\n' + table([key.replace('_', ' ') for key in keys], rows))
    return '\n\n'.join(parts)


def plain(value):
    if value is None:
        return '–'
    return f'{value:,}' if isinstance(value, (int, float)) else value


def documents_table(figures):
    mine = [figure for figure in measured_of(figures, 'documents') if 'connections' in figure]
    rows = []
    for operation in dict.fromkeys(figure['operation'] for figure in mine):
        for connections, key in ((1, 'p50_us'), (1, 'p99_us'), (1, 'per_s'), (16, 'p50_us'), (16, 'per_s')):
            ours, theirs = (next((figure for figure in mine if (figure['operation'], figure['connections'],
                                                                figure['system']) == (operation, connections, system)),
                                 {}) for system in ('ours', 'upstream'))
            scale, digits = (1, 1) if key == 'per_s' else (1e-3, 2)
            rows.append((operation, connections, DOCUMENT_FIGURES[key], number(ours.get(key), scale, digits),
                         number(theirs.get(key), scale, digits), ratio_text(ours.get(key), theirs.get(key), key),
                         f"{number(ours.get('wrong_pct'), digits=0)}, {number(theirs.get('wrong_pct'), digits=0)}",
                         number(max(ours.get('others_pct') or 0, theirs.get('others_pct') or 0), digits=0)))
    if not rows:
        return ''
    return f"### {mine[0]['documents']:,} documents of {mine[0]['nodes']} nodes, one process each\n\n" + table(
        ('operation', 'connections', 'figure', 'ours', 'upstream', 'better by', 'wrong answers %', 'others %'), rows)


def ratio_text(ours, theirs, key):
    if not ours or not theirs:
        return '–'
    return f"{(ours / theirs if key == 'per_s' else theirs / ours):,.1f} ×"


def store_table(figures):
    rows = [(figure['what'], figure['figures'], figure['bound'], figure['verdict'])
            for figure in measured_of(figures, 'documents-store')]
    return '### The store of one node\n\n' + table(('what', 'seen', 'bound', 'verdict'), rows) if rows else ''


def micro_table(figures):
    rows = [(figure['system'], number(figure['cpu_ns'], digits=0))
            for figure in figures if figure['measurement'] == 'micro' and 'skipped' not in figure]
    return '### Single steps\n\n' + table(('step', 'CPU ns'), rows) if rows else ''


def instruction_table(figures):
    rows = [(figure['system'], f"{figure['instructions']:,}", f"{figure['bound']:,}", figure['verdict'])
            for figure in figures if figure['measurement'] == 'instructions' and 'skipped' not in figure]
    return '### Instructions\n\n' + table(('path', 'instructions', 'bound', 'verdict'), rows) if rows else ''


def notes(figures):
    """What was left out or went wrong; nothing is left out in silence."""
    lines = []
    for figure in figures:
        what = ' '.join(str(figure[key]) for key in ('measurement', 'system', 'build', 'nodes', 'connections', 'action')
                        if key in figure)
        if 'skipped' in figure:
            lines.append(f"- {what}: not measured, {figure['skipped']}")
        lines += [f'- {what}: {error}' for error in figure.get('errors', [])]
    return '### Left out\n\n' + '\n'.join(lines) if lines else ''


def put_into(page, text):
    """`page` with `text` between its marks. Raises ValueError when they are not there."""
    before, found_begin, rest = page.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found_begin or not found_end:
        raise ValueError(f'the page has no lines "{BEGIN}" and "{END}"')
    return f'{before}{BEGIN}\n\n{text}\n{END}{after}'

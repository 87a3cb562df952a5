"""A store of documents: adding, getting by key, counting and filtering, with nodes of ours and of upstream's."""
import itertools
import json
import subprocess

import rounds
import systems
from processes import Failure, run_json

NODES = 25
DOCUMENTS = 10_000
GROUP_DOCUMENTS = 20  # that have the same group
COPIES = 5            # of each document: the square root of NODES, as both systems have it
KEYS = ('p50_us', 'p99_us', 'per_s', 'cpu_us', 'wrong_pct')
UPSTREAM_SETTLE_S = 300.0
FILL_JOBS = 16
FILL_MAX_S = 600.0
PATIENCE_S = 60  # some answers of upstream's take many seconds
RUN_EXTRA_S = 120.0

# What is added while it is measured goes to a collection of its own, so that all systems count and filter equally
# many documents, whichever of them adds faster.
COLLECTIONS = {'notes': {'pk': 'id', 'indices': ['group']}, 'added': {'pk': 'id'}}
ADDED_EACH_TIME = 1_000_000  # numbers set apart for a round, more than it uses

# In requests: a number that is another one each time, as a text and as a number.
TEXT, NUMBER = '%N', '<number>'

ADD, GET, COUNT = 'add', 'get by key', 'count'
FILTER, SCAN = 'filter by a field that ours indexes', 'filter by part of a text, sorted, a page of 10'
OPERATIONS = (ADD, GET, COUNT, FILTER, SCAN)


def document(number, group):
    """300 bytes as JSON."""
    return {'id': str(number), 'group': group, 'name': f'Person number {number}', 'text': 'lorem ipsum ' * 19}


class Operation:
    """One kind of request, to `path` with `fields` beside the collection. Each time it is measured, numbers of
    additions go on, so that nothing is added twice."""

    def __init__(self, path, expect, numbers=0, collection='notes', **fields):
        self.path, self.expect, self.numbers = path, expect, numbers
        self.body = json.dumps({'collection': collection, **fields}).replace(f'"{NUMBER}"', '%N')
        self.firsts = itertools.count(1, 0 if numbers else ADDED_EACH_TIME)

    def ask(self, setup, port):
        """What measures it at a port."""
        def ask(connections, seconds):
            load = systems.Load(setup, port, f'/client/{self.path}', self.expect, self.body)
            load.base += ['--numbers', self.numbers, '--first-number', next(self.firsts), '--patience', PATIENCE_S]
            return judged(run_json(load.command(connections, seconds=seconds), seconds + RUN_EXTRA_S))
        return ask


def judged(result):
    """What the load client gave, with only the right answers in the throughput. A network that runs out of time gives
    wrong ones, which is no reason not to measure it."""
    bad, count = result['bad'], max(result['count'], result['bad'], 1)
    result['wrong_pct'] = 100 * bad / count
    result['per_s'] *= 1 - bad / count
    return result


def operations(documents):
    groups = documents // GROUP_DOCUMENTS
    scan = {'filter': {'name': {'$ew': '00'}}, 'sort': [['id', 'desc']], 'limit': 10}
    return {
        ADD: Operation('add-document', '"document":{', collection='added', document=document(TEXT, NUMBER)),
        GET: Operation('get-document-by-pk', '"text":"lorem', documents, pkValue=TEXT),
        COUNT: Operation('get-documents-count', f'"count":{documents}}}', actions={}),
        FILTER: Operation('get-documents', f'"totalCount":{GROUP_DOCUMENTS}}}', groups,
                          actions={'filter': {'group': NUMBER}}),
        SCAN: Operation('get-documents', f'"totalCount":{documents // 100}}}', actions=scan),
    }


def measure(setup):
    nodes, documents = (9, 200) if setup.is_quick else (NODES, DOCUMENTS)
    setup.say(f'documents of {nodes} nodes')
    file = write_documents(setup, documents)
    figures = []
    with systems.closing_all([]) as running:
        running.append(own(setup, nodes, file))
        figures += start_upstream(setup, nodes, file, running)
        for name, operation in operations(documents).items():
            asked = [systems.System(system.name, [], system.pids, operation.ask(setup, system.port))
                     for system in running]
            measured = rounds.interleaved(asked, setup, 2 * setup.seconds)
            figures += [{'measurement': 'documents', 'operation': name, 'system': system, 'nodes': nodes,
                         'documents': documents, 'connections': connections, **rounds.summary(some, KEYS)}
                        for (system, connections), some in measured.items()]
    return figures


def write_documents(setup, documents):
    """A file with the documents, one to a line."""
    file = setup.new_folder() / 'documents.jsonl'
    groups = documents // GROUP_DOCUMENTS
    # Numbers of requests begin with 1.
    file.write_text(''.join(json.dumps(document(number, number % groups + 1)) + '\n'
                            for number in range(1, documents + 1)))
    return file


def own(setup, nodes, file):
    """A network of ours that has the documents, added as clients do it."""
    settings = ['kind=documents', f'collections={json.dumps(COLLECTIONS)}']
    network = systems.OwnNetwork(setup, nodes, is_one_process=False, settings=settings)
    try:
        network.settle()
        run = subprocess.run([setup.build / 'bin/spreadable', 'documents', 'import', 'notes', file, '--jobs',
                              str(FILL_JOBS), '--address', f'127.0.0.1:{network.port}'],
                             capture_output=True, text=True, timeout=FILL_MAX_S, check=False)
        if run.returncode != 0:
            raise Failure(f'the documents could not be added: {run.stdout[-200:]} {run.stderr[-300:]}')
    except BaseException:
        network.close()
        raise
    return as_system('ours', network)


def start_upstream(setup, nodes, file, running):
    """Adds upstream's network to `running`, or gives a figure that says why not. Its nodes put the documents into their
    databases when they start: through the network that would take half an hour."""
    reason = 'a quick run leaves it out' if setup.is_quick else systems.why_no_upstream(setup)
    if not reason:
        network = systems.UpstreamNetwork(setup, nodes, sync_ms=16_000, more=[file, nodes, COPIES])
        running.append(as_system('upstream', network))
        try:
            network.settle(UPSTREAM_SETTLE_S)
            return []
        except Failure as error:
            running.pop().close()
            reason = str(error)
    return [{'measurement': 'documents', 'system': 'upstream', 'nodes': nodes, 'skipped': reason}]


def as_system(name, network):
    system = systems.System(name, network.children, network.pids, None)
    system.close, system.port = network.close, network.port
    return system

"""The systems that are measured side by side: how to start each, ask it, and which processes do its work."""
import contextlib
import http.client
import json
import shutil
import subprocess
import threading
import time

import machine
from processes import Child, Failure, free_ports, run_json, stop_all

CLIENT_EXTRA_S = 40.0  # beyond the measured time, until a client that hangs is given up
# What starts a program whose addresses are not chosen by chance.
ALIKE = ('setarch', '--addr-no-randomize')
OURS_ALIKE = 'ours, addresses alike'

COUNT_PATH = '/client/count'
RECORDS_PATH = '/client/records'


class System:
    """Processes that answer together. `ask(connections, seconds)` gives what a load client measured."""

    def __init__(self, name, children, pids, ask):
        self.name, self.children, self.pids, self.ask = name, children, pids, ask

    def close(self):
        stop_all(self.children)


@contextlib.contextmanager
def closing_all(systems):
    """`systems` may grow meanwhile."""
    try:
        yield systems
    finally:
        for system in systems:
            system.close()


class Load:
    """Asks an HTTP server with the load client that all have in common."""

    def __init__(self, setup, port, path, expect, body='{}'):
        self.base = [setup.program('load'), '--port', port, '--path', path, '--body', body, '--expect', expect]

    def command(self, connections, **bounds):
        """The command for so many `seconds`, or so many `requests` on each connection."""
        return [*self.base, '--connections', connections] + [
            word for name, value in bounds.items() for word in (f'--{name}', value)]

    def __call__(self, connections, seconds):
        result = run_json(self.command(connections, seconds=seconds), seconds + CLIENT_EXTRA_S)
        if result['bad']:
            raise Failure(f"{result['bad']} wrong answers, such as {result['first_bad']}")
        return result


def limit(setup, nodes, is_pipelined=False):
    child = Child([setup.program('limit'), '--nodes', nodes] + ['--pipelined'] * is_pipelined)
    try:
        _, ready = child.wait_for(lambda line: 'ports' in line)
    except BaseException:
        child.stop()
        raise
    name = 'pipelined limit' if is_pipelined else 'HTTP limit'
    return System(name, [child], ready['pids'],
                  Load(setup, ready['ports'][0], COUNT_PATH, f'"count":{nodes}}}'))


def nats_program(setup):
    """nats-server, installed or unpacked by scripts/setup --bench; None without either."""
    unpacked = setup.root / 'build/nats-server/usr/sbin/nats-server'
    return shutil.which('nats-server') or (unpacked if unpacked.exists() else None)


def nats(setup, nodes):
    port = free_ports(1)
    children = [Child([nats_program(setup), '-a', '127.0.0.1', '-p', port])]
    try:
        wait_for_port(port)
        children.append(Child([setup.program('nats'), 'answer', '--port', port, '--subscribers', nodes]))
        _, ready = children[1].wait_for(lambda line: 'pids' in line)
    except BaseException:
        stop_all(children)
        raise

    def ask(connections, seconds):
        return run_json([setup.program('nats'), 'ask', '--port', port, '--subscribers', nodes,
                         '--connections', connections, '--seconds', seconds], seconds + CLIENT_EXTRA_S)
    return System('NATS', children, [children[0].pid, *ready['pids']], ask)


def wait_for_port(port, seconds=10.0):
    end = time.monotonic() + seconds
    while True:
        try:
            http.client.socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise Failure(f'nobody listens on port {port}') from None
            time.sleep(0.02)


class OwnNetwork:
    """A network of ours, in one process or one process per node, all nodes started at once. `program` is that of
    the nodes, where it is not that of this build; `before` are words before it."""

    def __init__(self, setup, nodes, is_one_process, sync='16s', settings=(), program=None, before=()):
        self.setup, self.nodes, self.is_one_process = setup, nodes, is_one_process
        self.port = free_ports(nodes)
        self.folder = setup.new_folder()
        common = [*before, program or setup.program('node'), '--network', nodes, '--set', f'network.syncInterval={sync}']
        for setting in settings:
            common += ['--set', setting]
        self.children = []
        self.begun = time.monotonic()
        try:
            if is_one_process:  # as `spreadable dev`, which keeps nothing
                self.children.append(Child([*common, '--port', self.port, '--nodes', nodes]))
            else:
                for port in range(self.port, self.port + nodes):
                    self.children.append(Child([*common, '--port', port, '--storage', self.folder] +
                                               ['--initial', f'127.0.0.1:{self.port}'] * (port > self.port)))
            self.up = max(child.wait_for(is_serving, 60 + nodes)[0] for child in self.children)
        except BaseException:
            self.close()
            raise
        self.pids = [child.pid for child in self.children]

    def agreement(self, seconds):
        """The moment when all nodes first agreed on the size of the network, or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            moment = first_agreement([list(child.lines) for child in self.children])
            if moment is not None:
                return moment
            for child in self.children:
                if child.process.poll() is not None:
                    raise Failure(f'a node has ended: {child.error_text()}')
            time.sleep(0.02)
        return None

    def settle(self, seconds=120.0):
        """Waits until all agree, and until all traversals of a second reach each node once: a network that
        has just formed may still move nodes from list to list."""
        if self.agreement(seconds) is None:
            raise Failure(f'{self.nodes} nodes do not agree after {seconds:.0f} s')
        end = time.monotonic() + seconds
        while True:
            try:
                self.count()(1, self.setup.seconds)
                return
            except Failure:
                if time.monotonic() > end:
                    raise

    def count(self):
        return Load(self.setup, self.port, COUNT_PATH, f'"count":{self.nodes}}}')

    def records(self):
        return Load(self.setup, self.port, RECORDS_PATH, f'"nodesAnswered":{self.nodes},', '{"records":1}')

    def close(self):
        stop_all(self.children)
        shutil.rmtree(self.folder, ignore_errors=True)


class Coordinator:
    """One node of ours that knows the masters it is told, and looks for no others."""

    def __init__(self, setup, masters, list_length, nodes):
        self.port = free_ports(1)
        self.child = Child([setup.program('node'), '--port', self.port, '--network', nodes,
                            '--masters', ','.join(masters), '--list-length', list_length])
        try:
            self.child.wait_for(is_serving)
        except BaseException:
            self.close()
            raise
        self.pids = [self.child.pid]

    def close(self):
        self.child.stop()


def is_serving(line):
    return line.get('event') == 'serving'


def first_agreement(histories):
    """When all nodes agreed for the first time; `histories` has the lines of each process."""
    changes = sorted((moment, index, line['agree']) for index, lines in enumerate(histories)
                     for moment, line in lines if line.get('event') == 'agreement')
    agreeing = set()
    for moment, index, agrees in changes:
        (agreeing.add if agrees else agreeing.discard)(index)
        if len(agreeing) == len(histories):
            return moment
    return None


def node_of(build):
    """The program of the nodes in a build folder."""
    return build / 'bin/bench_node'


def own(setup, nodes, is_one_process, program=None):
    """A settled network of ours; `program` as with OwnNetwork."""
    network = OwnNetwork(setup, nodes, is_one_process, program=program)
    return settled('ours, one process' if is_one_process else 'ours', network)


def settled(name, network):
    """The system of this name, once `network` is whole."""
    try:
        network.settle()
    except BaseException:
        network.close()
        raise
    system = System(name, network.children, network.pids, network.count())
    system.close = network.close
    system.network = network
    return system


def why_not_alike():
    """Why processes cannot have the same addresses here, or None when they can."""
    if not shutil.which(ALIKE[0]):
        return f'{ALIKE[0]} is not installed'
    tried = subprocess.run([*ALIKE, 'true'], capture_output=True, text=True, check=False)
    return f'{" ".join(ALIKE)}: {tried.stderr.strip()}' if tried.returncode else None


def own_alike(setup, nodes):
    """As own, a process for each node, with all they run at the same addresses. So it is with the processes of the
    limit and of NATS, each of which is a copy of one that was there before."""
    network = OwnNetwork(setup, nodes, is_one_process=False, before=ALIKE)
    return settled(OURS_ALIKE, network)


class UpstreamNetwork:
    """Nodes of the Node.js package, one process each. `more` are words for each, see bench/upstream/node.mjs."""

    START_TOGETHER = 4  # processes that start at the same time; each takes a second of CPU

    def __init__(self, setup, nodes, sync_ms, more=()):
        self.nodes, self.port, self.folder = nodes, free_ports(nodes), setup.new_folder()
        self.children = []
        try:
            for port in range(self.port, self.port + nodes):
                waiting = self.children[-self.START_TOGETHER:][:1] if port > self.port + 1 else self.children
                for child in waiting:
                    child.wait_for(is_serving, 60)
                self.children.append(Child(['node', setup.root / 'bench/upstream/node.mjs', port, self.port,
                                            sync_ms, self.folder / str(port), *more], self.folder))
            self.up = max(child.wait_for(is_serving, 60)[0] for child in self.children)
        except BaseException:
            self.close()
            raise
        self.pids = [child.pid for child in self.children]
        body = '{"collection":"nodes","actions":{}}'
        self.count = Load(setup, self.port, '/client/get-documents-count', f'"count":{nodes}}}', body)

    def settle(self, seconds):
        """Waits until all agree and a traversal reaches each node; gives the moment."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if all(self._size(port) == self.nodes for port in range(self.port, self.port + self.nodes)):
                moment = time.monotonic()
                with contextlib.suppress(Failure):
                    self.count(1, 0.05)
                    return moment
            time.sleep(0.5)
        raise Failure(f'{self.nodes} nodes do not agree after {seconds:.0f} s')

    @staticmethod
    def _size(port):
        try:
            connection = http.client.HTTPConnection('localhost', port, timeout=5)
            connection.request('GET', '/status')
            return json.loads(connection.getresponse().read()).get('networkSize')
        except (OSError, json.JSONDecodeError, http.client.HTTPException):
            return None

    def close(self):
        stop_all(self.children)
        shutil.rmtree(self.folder, ignore_errors=True)


def why_no_upstream(setup):
    """Why upstream's nodes can't be measured, or None when they can."""
    if not shutil.which('node'):
        return 'Node.js is not installed'
    if not (setup.root / 'bench/upstream/node_modules').is_dir():
        return 'bench/upstream/node_modules is not there: npm ci --prefix bench/upstream'
    return None

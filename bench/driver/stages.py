"""Where the time of one traversal goes: the moments of all its messages, seen on the loopback device.

The kernel gives every message a moment, whoever sent it, so that nodes of ours and bare ones are looked at in
the same way and need no instruments. What a node does for itself without a message can't be seen.
"""
import re
import socket
import statistics
import struct
from dataclasses import dataclass

import machine
import systems
from processes import Failure

SECONDS = 0.3
# Room for all packets of that time; they are read when it is over.
BUFFER_BYTES = 512 << 20

SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
ETH_P_ALL = 3
PACKET_OUTGOING = 4
ETHERNET_BYTES = 14
SEGMENT_BYTES = 64 << 10
FRAME_HEAD_BYTES = 8

ASKER = re.compile(rb'original-address: [^\r]*:(\d+)\r', re.IGNORECASE)
ROUTES = {b'/client/count': 'client', b'/api/butler/count': 'master', b'/api/slave/count': 'slave'}


@dataclass
class Exchange:
    """One request and its answer."""
    stage: str
    asker: int     # port of the node that asks; 0 for a client
    node: int      # port of the node that is asked
    asked: float   # seconds
    answered: float = 0.0


class Capture:
    """Keeps the packets of the loopback device while it is open."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind(('lo', 0))
        self.socket.setblocking(False)
        return self

    def __exit__(self, *_):
        self.socket.close()

    def packets(self):
        """(moment, from port, to port, payload) of each packet with a payload."""
        while True:
            try:
                data, notes, _, sender = self.socket.recvmsg(SEGMENT_BYTES, 128)
            except BlockingIOError:
                return
            if sender[2] == PACKET_OUTGOING:
                continue  # on this device every packet goes out and comes in
            payload = payload_of(data)
            if payload is not None:
                yield (moment_of(notes), *payload)


def moment_of(notes):
    for _, kind, data in notes:
        if kind == SO_TIMESTAMPNS:
            seconds, nanos = struct.unpack('qq', data)
            return seconds + nanos / 1e9
    raise Failure('the kernel gives packets no time')


def payload_of(frame):
    """Ports and payload of a TCP segment over IPv4; None for others and for bare acknowledgements."""
    if frame[12:14] != b'\x08\x00':
        return None
    packet = frame[ETHERNET_BYTES:]
    ip_bytes = (packet[0] & 15) * 4
    if packet[9] != socket.IPPROTO_TCP:
        return None
    total = struct.unpack('!H', packet[2:4])[0]
    segment = packet[ip_bytes:total]
    source, target = struct.unpack('!HH', segment[:4])
    payload = segment[(segment[12] >> 4) * 4:]
    return (source, target, payload) if payload else None


def messages_of(payload):
    """(number, message) of each frame, where nodes of ours share a connection; else (0, payload)."""
    if not payload[FRAME_HEAD_BYTES:].startswith((b'POST ', b'GET ', b'HTTP/1.1 ')):
        yield 0, payload
        return
    while len(payload) > FRAME_HEAD_BYTES:
        length, number = struct.unpack('!II', payload[:FRAME_HEAD_BYTES])
        yield number, payload[FRAME_HEAD_BYTES:FRAME_HEAD_BYTES + length]
        payload = payload[FRAME_HEAD_BYTES + length:]


def exchanges_of(packets):
    """All exchanges in the order of their requests. Of those with one number at most one is under way on a
    connection."""
    found, open_ones = [], {}
    for moment, source, target, payload in packets:
        for number, message in messages_of(payload):
            words = message[:64].split(b' ', 2)
            if words[0] == b'POST' and words[1] in ROUTES:
                asker = ASKER.search(message)
                exchange = Exchange(ROUTES[words[1]], int(asker.group(1)) if asker else 0, target, moment)
                open_ones[source, target, number] = exchange
                found.append(exchange)
            elif message.startswith(b'HTTP/1.1') and (target, source, number) in open_ones:
                open_ones.pop((target, source, number)).answered = moment
    return [exchange for exchange in found if exchange.answered]


def traversals_of(exchanges):
    """(exchange of the client, all others) of each question; they follow each other."""
    found = []
    for exchange in exchanges:
        if exchange.stage == 'client':
            found.append((exchange, []))
        elif found and exchange.answered <= found[-1][0].answered:
            found[-1][1].append(exchange)
    return found


def fan_out(parent, children):
    """Spans of a node that asks others, in seconds: until it asks, until it has asked all, from the last answer
    to its own. None when it asked nobody."""
    if not children:
        return None
    first = min(child.asked for child in children)
    return {'before': first - parent.asked, 'asking': max(child.asked for child in children) - first,
            'waiting': max(child.answered for child in children) - max(child.asked for child in children),
            'after': parent.answered - max(child.answered for child in children)}


def spans_of(client, others):
    """Microseconds of each stage of a traversal; of masters and slaves the medians."""
    masters = [one for one in others if one.stage == 'master']
    slaves = [one for one in others if one.stage == 'slave']
    coordinator = fan_out(client, masters)
    if coordinator is None:
        return None
    spans = {f'coordinator_{name}': span for name, span in coordinator.items()}
    lists = [fan_out(master, [one for one in slaves if one.asker == master.node]) for master in masters]
    lists = [some for some in lists if some]
    if not lists or not slaves:
        return None
    for name in lists[0]:
        spans[f'master_{name}'] = statistics.median(some[name] for some in lists)
    spans['slave'] = statistics.median(one.answered - one.asked for one in slaves)
    spans['slowest_slave'] = max(one.answered - one.asked for one in slaves)
    spans['whole'] = client.answered - client.asked
    return {name: span * 1e6 for name, span in spans.items()}


def measure(setup):
    try:
        with Capture():
            pass
    except PermissionError:
        return [{'measurement': 'stages', 'system': 'ours', 'skipped': 'only root may see packets'}]
    figures = []
    for nodes in setup.nodes if setup.is_quick else (25, 100):
        setup.say(f'stages of a traversal of {nodes} nodes')
        with systems.closing_all([]) as running:
            running.append(systems.limit(setup, nodes))
            running += [systems.own(setup, nodes, is_one_process) for is_one_process in (False, True)]
            figures += [measure_one(system, nodes) for system in running]
    return figures


def measure_one(system, nodes):
    """The figure of a system; when it fails, one that says so."""
    try:
        return figure_of(system, nodes)
    except Failure as error:
        return {'measurement': 'stages', 'system': system.name, 'nodes': nodes, 'skipped': str(error)}


def figure_of(system, nodes):
    system.ask(1, 0.3)  # connections are there afterwards
    with machine.Watch(system.pids) as watch, Capture() as capture:
        system.ask(1, SECONDS)
        seen = [spans_of(*one) for one in traversals_of(exchanges_of(capture.packets()))]
    seen = [spans for spans in seen if spans]
    if not seen:
        raise Failure(f'no traversal of {system.name} was seen whole')
    return {'measurement': 'stages', 'system': system.name, 'nodes': nodes, 'traversals': len(seen),
            **{name: round(statistics.median(spans[name] for spans in seen), 1) for name in seen[0]},
            'others_pct': round(watch.others_pct, 1)}

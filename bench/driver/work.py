"""What nodes of ours do with CPU time, told from the stacks of samples: by thread and by kind of work."""
import re
from collections import Counter

# What handlers do, on the thread of the loop or on a worker. The first rule that a frame of the stack matches tells
# what it was at. Names are those of our functions and of the C library's; libcurl shows none of its own.
HANDLING = [
    ('handlers: send', r'__send'),
    ('handlers: JSON of requests', r'parse_request_body'),
    ('handlers: write requests', r'Outbound::prepare|Outbound::Draft|Outbound::common_headers|StageQuestion|request_head_text'
                                 r'|Exchange::prepare|RequestGroup::RequestGroup'),
    ('handlers: read answers', r'Outbound::settle|MuxTransport::collect|RequestGroup::take'),
    ('handlers: access checks', r'declare_access|Access::|Router::middleware_of'),
    ('handlers: write responses', r'response_text|framed_response_head|put_output|to_response|dump_json'),
    ('handlers: the action itself', r'unwrap_query|Traversal::local|FunctionAction|merge'),
    ('handlers: router and stages', r'Router::|Traversal::|Outbound::|MuxTransport::'),
]
# Of each thread, by its name.
RULES = {
    'spr-http-loop': [
        ('server loop: receive', r'__libc_recv|recvfrom'),
        ('server loop: sleep and wake up', r'epoll_wait'),
        ('server loop: read heads', r'RequestCollector|parse_request_head'),
        *HANDLING,
        ('server loop: frames, jobs and the rest', r''),
    ],
    'spr-worker': [
        ('worker: sleep and wake up', r'wait_for_call|WorkerPool::take'),
        ('worker: wait for answers', r'RequestGroup::wait'),
        ('worker: hand to the outgoing loop', r'CurlLoop::submit|leave_word|Poller::wake'),
        *HANDLING,
        ('worker: the rest', r''),
    ],
    'spread-net': [
        ('outgoing loop: send', r'__send|tcp_sendmsg'),
        ('outgoing loop: receive', r'__libc_recv|recvfrom'),
        ('outgoing loop: sleep and wake up', r'epoll_wait|eventfd|Poller::wait'),
        ('outgoing loop: epoll_ctl and poll', r'epoll_ctl|__poll|do_sys_poll'),
        ('outgoing loop: wake the caller', r'RequestGroup::settle|pthread_cond_signal|futex'),
        ('outgoing loop: libcurl', r'libcurl\.so'),
        ('outgoing loop: the rest', r''),
    ],
}
OTHERS = 'other threads'
COMPILED = {thread: [(work, re.compile(pattern)) for work, pattern in rules] for thread, rules in RULES.items()}

# In the order of the table.
KINDS = list(dict.fromkeys(work for rules in RULES.values() for work, _ in rules)) + [OTHERS]
PLACES = ['in the kernel', 'in libcurl', 'in libc', 'in the program, with libstdc++ and jemalloc',
          'elsewhere']


def samples(text):
    """(thread, frames, innermost first) of each sample in the output of `perf script -F comm,ip,sym,dso`."""
    for block in text.split('\n\n'):
        lines = block.strip('\n').splitlines()
        if len(lines) > 1:
            yield lines[0].strip(), lines[1:]


def work_of(thread, frames):
    stack = '\n'.join(frames)
    return next((work for work, pattern in COMPILED.get(thread, []) if pattern.search(stack)), OTHERS)


def place_of(frame):
    """Where the processor was, told from the innermost frame."""
    library = frame.rsplit('(', 1)[-1].rstrip(')').rsplit('/', 1)[-1]
    for part, place in (('kernel', PLACES[0]), ('libcurl', PLACES[1]), ('libc.so', PLACES[2]),
                        ('bench_', PLACES[3])):
        if part in library:
            return place
    return PLACES[4]


def shares(text):
    """Percent of the samples by kind of work and by place."""
    counts, total = Counter(), 0
    for thread, frames in samples(text):
        counts[work_of(thread, frames)] += 1
        counts[place_of(frames[0])] += 1
        total += 1
    return {name: round(count / total * 100, 1) for name, count in counts.items()}

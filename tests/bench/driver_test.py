"""The driver of scripts/bench, without programs: rounds, bounds, tables."""
import json
import struct
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'bench/driver'))

import against  # noqa: E402
import bounds  # noqa: E402
import documents  # noqa: E402
import instructions  # noqa: E402
import leaf  # noqa: E402
import machine  # noqa: E402
import processes  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import stages  # noqa: E402
import systems  # noqa: E402
import work  # noqa: E402


def traversal(system, nodes, connections, **values):
    return {'measurement': 'traversal', 'system': system, 'nodes': nodes, 'connections': connections,
            'rounds': 5, 'calm_rounds': 5, 'others_pct': 1.0, 'cpu_us': 1.0, 'p99_us': 1.0, **values}


def bound_of(what):
    return next(bound for bound in bounds.BOUNDS if bound.what.startswith(what))


class Rounds(unittest.TestCase):
    def test_busy_rounds_do_not_count_where_three_are_calm(self):
        some = [{'per_s': 100 + i, 'others_pct': busy} for i, busy in enumerate((1, 2, 3, 60, 90))]
        self.assertEqual(rounds.summary(some, ['per_s'])['per_s'], 101)

    def test_the_calmest_three_count_where_fewer_are_calm(self):
        some = [{'per_s': 100 + i, 'others_pct': busy} for i, busy in enumerate((90, 80, 70, 60, 1))]
        summary = rounds.summary(some, ['per_s'])
        self.assertEqual((summary['per_s'], summary['calm_rounds']), (103, 1))

    def test_failed_rounds_are_told(self):
        summary = rounds.summary([{'error': 'silent'}, {'per_s': 5, 'others_pct': 0}], ['per_s'])
        self.assertEqual((summary['per_s'], summary['errors'], summary['rounds']), (5, ['silent'], 2))

    def test_without_a_good_round_there_is_no_figure(self):
        self.assertIsNone(rounds.summary([{'error': 'silent'}], ['per_s'])['per_s'])


class Bounds(unittest.TestCase):
    def judge_latency(self, ours, limit, nats=None):
        figures = [traversal('ours', 25, 1, p50_us=ours), traversal('HTTP limit', 25, 1, p50_us=limit)]
        if nats:
            figures.append(traversal('NATS', 25, 1, p50_us=nats))
        return bound_of('p50 latency, one process per node, N = 25').judge(figures)[1]

    def test_latency_is_a_ratio_and_its_aim_is_also_nats(self):
        for ours, limit, nats, verdict in ((2001, 1000, 3000, '**missed**'), (2000, 1000, 3000, 'kept'),
                                           (1500, 1000, 1400, 'kept'), (1500, 1000, 1600, 'kept, aim reached')):
            with self.subTest(ours=ours, nats=nats):
                self.assertEqual(self.judge_latency(ours, limit, nats), verdict)

    def test_an_aim_that_needs_what_was_not_measured_is_not_reached(self):
        self.assertEqual(self.judge_latency(1000, 1000), 'kept')

    def test_what_was_left_out_is_named(self):
        figures = [{'measurement': 'traversal', 'system': 'upstream', 'nodes': 25, 'skipped': 'no npm'},
                   traversal('ours', 25, 1, p50_us=1.0)]
        seen, verdict = bound_of('against upstream, N = 25: latency').judge(figures)
        self.assertEqual((seen, verdict), ('not measured: no npm', '–'))

    def test_every_bound_copes_with_an_empty_run(self):
        for bound in bounds.BOUNDS:
            with self.subTest(bound.what):
                self.assertTrue(bound.judge([])[0].startswith('not measured'))

    def test_rounds_that_were_not_calm_are_marked(self):
        figures = [traversal('ours', 25, 1, p50_us=1.0, calm_rounds=1), traversal('HTTP limit', 25, 1, p50_us=1.0)]
        self.assertTrue(bound_of('p50 latency, one process per node, N = 25').judge(figures)[1].endswith('(noisy)'))


class Documents(unittest.TestCase):
    @staticmethod
    def figures(ours, upstream):
        return [{'measurement': 'documents', 'operation': documents.COUNT, 'system': system, 'nodes': 25,
                 'documents': 10_000, 'connections': 16, 'rounds': 3, 'calm_rounds': 3, 'others_pct': 1.0,
                 'p50_us': 1e6 / per_s if per_s else None, 'p99_us': 1.0, 'per_s': per_s, 'wrong_pct': 0.0}
                for system, per_s in (('ours', ours), ('upstream', upstream))]

    def test_ten_times_upstream_is_the_bound(self):
        for ours, upstream, wanted in ((100.0, 10.0, ('10.0 ×', 'kept')), (99.0, 10.0, ('9.9 ×', '**missed**')),
                                       (99.0, 0.0, ('not measured: upstream gave no right answer', '–'))):
            with self.subTest(ours=ours, upstream=upstream):
                bound = bound_of('documents against upstream, throughput: count')
                self.assertEqual(bound.judge(self.figures(ours, upstream)), wanted)

    def test_the_table_has_the_ratio(self):
        text = report.documents_table(self.figures(100.0, 8.0))
        self.assertIn('| count | 16 | requests/s | 100.0 | 8.0 | 12.5 × |', text)

    def test_wrong_answers_are_no_throughput(self):
        result = documents.judged({'bad': 5, 'count': 20, 'per_s': 8.0})
        self.assertEqual((result['per_s'], result['wrong_pct']), (6.0, 25.0))

    def test_numbers_of_additions_go_on_and_others_begin_again(self):
        operations = documents.operations(200)
        for name, wanted in ((documents.ADD, [1, 1_000_001]), (documents.GET, [1, 1])):
            with self.subTest(name):
                self.assertEqual([next(operations[name].firsts) for _ in wanted], wanted)
        self.assertIn('"group": %N,', operations[documents.ADD].body)

    def test_documents_have_300_bytes(self):
        size = len(json.dumps(documents.document(5_000, 250), separators=(',', ':')))
        self.assertTrue(290 <= size <= 310, size)


class Against(unittest.TestCase):
    @staticmethod
    def run_of(*builds):
        figures = [{'measurement': 'against', 'system': 'ours', 'build': build, 'nodes': 25, 'connections': connections,
                    'p50_us': 500.0 * slower, 'p99_us': 1000.0 * slower, 'per_s': 4000.0 / slower, 'cpu_us': None,
                    'others_pct': 2.0 * slower} for connections in (16, 1) for build, slower in builds]
        return {'commit': 'c', 'date': 'd', 'rounds': 3,
                'machine': {'cpu': 'x', 'cores': 2, 'memory_gib': 1, 'kernel': 'k'}, 'figures': figures}

    def test_the_table_has_both_builds_and_their_ratio(self):
        text = report.markdown(self.run_of(('other', 2), ('this', 1)))
        row = '1.00 → 0.50 (0.50 ×) | 2.00 → 1.00 (0.50 ×) | 2,000 → 4,000 (2.00 ×) | – → – (–) | 4 |'
        lines = text.splitlines()
        self.assertLess(lines.index(f'| ours | 25 | 1 | {row}'), lines.index(f'| ours | 25 | 16 | {row}'))
        self.assertNotIn('bounds', text)

    def test_a_comparison_is_none_of_the_tables_of_the_page(self):
        self.assertTrue(report.is_comparison(self.run_of(('other', 1), ('this', 1))))
        self.assertFalse(report.is_comparison({'figures': [traversal('ours', 25, 1)]}))

    def test_a_comparison_that_failed_says_why(self):
        run = self.run_of()
        run['figures'] = [{'measurement': 'against', 'system': 'ours', 'skipped': 'it failed: silence'}]
        self.assertIn('- against ours: not measured, it failed: silence', report.markdown(run))

    def test_a_folder_without_programs_is_no_build(self):
        self.assertIn('bin/bench_node is not there', against.why_not(ROOT))


class Instructions(unittest.TestCase):
    def test_more_than_the_tolerance_fails_and_less_asks_for_a_new_bound(self):
        for counted, is_within, part in ((1021, False, 'missed'), (1020, True, 'kept'), (1000, True, 'kept'),
                                         (979, True, 'renew')):
            with self.subTest(counted):
                within, verdict = instructions.judge(counted, 1000, 2)
                self.assertEqual(within, is_within)
                self.assertIn(part, verdict)

    def test_there_is_a_bound_for_each_path(self):
        stored = json.loads(instructions.BOUNDS.read_text())
        self.assertEqual(set(stored['instructions']), set(instructions.PATHS))


class Processes(unittest.TestCase):
    def test_a_child_says_lines_and_is_ended(self):
        child = processes.Child(['sh', '-c', 'echo no json; echo \'{"n":7}\'; exec sleep 60'])
        try:
            _, line = child.wait_for(lambda line: 'n' in line)
            self.assertEqual(line, {'n': 7})
            self.assertGreaterEqual(machine.cpu_seconds([child.pid]), 0)
            self.assertGreater(machine.memory([child.pid])[0], 0)
        finally:
            child.stop()
        self.assertIsNotNone(child.process.returncode)

    def test_a_child_that_ends_too_early_is_a_failure_with_its_last_words(self):
        child = processes.Child(['sh', '-c', 'echo no port is free >&2; exit 1'])
        try:
            with self.assertRaisesRegex(processes.Failure, 'no port is free'):
                child.wait_for(lambda line: True)
        finally:
            child.stop()

    def test_free_ports_are_free(self):
        first = processes.free_ports(20)
        self.assertTrue(all(processes.is_free(port) for port in range(first, first + 20)))

    def test_time_spent_by_processes_watched_is_not_that_of_others(self):
        child = processes.Child(['sh', '-c', 'while :; do :; done'])
        try:
            with machine.Watch([child.pid]) as watch:
                time.sleep(0.3)
            self.assertGreater(watch.cpu_s, 0.01)
            self.assertLessEqual(watch.others_pct, 100)
        finally:
            child.stop()


class Work(unittest.TestCase):
    TEXT = """spr-worker
\t    7ffff finish_task_switch ([kernel.kallsyms])
\t    55555 spreadable::WorkerPool::wait_for_call(spreadable::WorkerPool::Worker&) (/x/bench_node)

spr-worker
\t    55555 spreadable::Access::check_node(spreadable::CallContext&) const (/x/bench_node)
\t    55556 spreadable::Router::run(spreadable::CallContext&) (/x/bench_node)

spread-net
\t    7fff1 [unknown] (/usr/lib/x86_64-linux-gnu/libcurl.so.4.8.0)

4711
\t    7fff2 malloc (/usr/lib/x86_64-linux-gnu/libc.so.6)

"""

    def test_a_sample_is_of_the_first_kind_that_fits_its_stack(self):
        found = work.shares(self.TEXT)
        for name in ('worker: sleep and wake up', 'handlers: access checks', 'outgoing loop: libcurl', work.OTHERS,
                     *work.PLACES[:4]):
            with self.subTest(name):
                self.assertEqual(found[name], 25.0)


class Stages(unittest.TestCase):
    CLIENT, COORDINATOR, MASTER = 50000, 4000, 4001

    @staticmethod
    def frame(number, message):
        return struct.pack('!II', len(message), number) + message

    def test_answers_of_a_shared_connection_are_told_apart_by_their_numbers(self):
        asks = b'POST /api/%s/count HTTP/1.1\r\noriginal-address: localhost:%d\r\n\r\n{}'
        answer = b'HTTP/1.1 200 OK\r\n\r\n{}'
        both = self.frame(7, asks % (b'butler', 4000)) + self.frame(8, asks % (b'slave', 4002))
        packets = [(1.0, self.CLIENT, self.COORDINATOR, b'POST /client/count HTTP/1.1\r\n\r\n{}'),
                   (2.0, self.CLIENT + 1, self.MASTER, both),
                   (3.0, self.MASTER, self.CLIENT + 1, self.frame(8, answer)),
                   (4.0, self.MASTER, self.CLIENT + 1, self.frame(7, answer)),
                   (5.0, self.COORDINATOR, self.CLIENT, answer)]
        seen = [(one.stage, one.asker, one.asked, one.answered) for one in stages.exchanges_of(packets)]
        self.assertEqual(seen, [('client', 0, 1.0, 5.0), ('master', 4000, 2.0, 4.0), ('slave', 4002, 2.0, 3.0)])


class Agreement(unittest.TestCase):
    def line(self, moment, agree):
        return moment, {'event': 'agreement', 'agree': agree}

    def test_is_the_first_moment_when_all_agree_at_once(self):
        a = [(0, {'event': 'serving'}), self.line(1, True), self.line(2, False), self.line(5, True)]
        b = [self.line(3, True)]
        self.assertEqual(systems.first_agreement([a, b]), 5)
        self.assertIsNone(systems.first_agreement([a[:3], b]))


class Reports(unittest.TestCase):
    def test_wrk_is_understood_in_all_its_units(self):
        text = '  50%  850.00us\n  99%   4.44ms\nRequests/sec:  83348.04\n'
        self.assertEqual(leaf.parse(text), {'p50_us': 850.0, 'p99_us': 4440.0, 'per_s': 83348.04})
        with self.assertRaises(processes.Failure):
            leaf.parse(text + '  Non-2xx or 3xx responses: 3\n')

    def test_tables_replace_what_stood_between_the_marks_and_nothing_else(self):
        page = f'# P\n\nbefore\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n'
        once = report.put_into(page, 'new\n')
        self.assertEqual(once, f'# P\n\nbefore\n\n{report.BEGIN}\n\nnew\n\n{report.END}\n\nafter\n')
        self.assertEqual(report.put_into(once, 'new\n'), once)
        with self.assertRaises(ValueError):
            report.put_into('no marks', 'new')

    def test_the_page_has_the_marks(self):
        page = (ROOT / 'docs/performance.md').read_text()
        self.assertIn('new', report.put_into(page, 'new'))

    def test_what_was_left_out_stands_below_the_tables(self):
        run = {'commit': 'c', 'date': 'd', 'rounds': 1,
               'machine': {'cpu': 'x', 'cores': 2, 'memory_gib': 1, 'kernel': 'k'},
               'figures': [{'measurement': 'leaf', 'system': 'ours', 'skipped': 'wrk is not installed'}]}
        self.assertIn('- leaf ours: not measured, wrk is not installed', report.markdown(run))


if __name__ == '__main__':
    unittest.main()

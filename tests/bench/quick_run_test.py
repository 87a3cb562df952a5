"""quick_run_test.py BUILD_FOLDER: scripts/bench measures everything, and compares two builds, in short and with few
nodes."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = sys.argv.pop(1)
MEASUREMENTS = {'traversal', 'stages', 'cpu', 'leaf', 'distance', 'burst', 'convergence', 'footprint', 'crowd',
                'documents', 'documents-store', 'micro', 'instructions'}
# What a machine without the other programs may leave out, and must say so.
MAY_BE_MISSING = ('is not installed', 'is not there', 'only root may', 'a quick run leaves it out')


class QuickRun(unittest.TestCase):
    def test_gives_every_figure_and_leaves_the_page_as_it_was(self):
        page = ROOT / 'docs/performance.md'
        before = page.read_text()
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / 'results.json'
            run = subprocess.run([sys.executable, ROOT / 'bench/driver', '--quick', '--build', BUILD,
                                  '--json', results], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stderr)
            figures = json.loads(results.read_text())['figures']
        self.assertEqual(page.read_text(), before)
        self.assertEqual({figure['measurement'] for figure in figures}, MEASUREMENTS)
        for figure in figures:
            with self.subTest(figure=figure):
                self.assertNotIn('errors', figure)
                skipped = figure.get('skipped')
                self.assertTrue(skipped is None or any(text in skipped for text in MAY_BE_MISSING))
                self.assertFalse(figure.get('failures'))
                self.assertFalse(figure.get('failed'))
        for system in ('HTTP limit', 'pipelined limit', 'ours', 'ours, one process'):
            self.assertTrue(any(figure['system'] == system and figure.get('p50_us') for figure in figures), system)

    def test_compares_this_build_with_another(self):
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder) / 'other'
            (other / 'bin').mkdir(parents=True)
            (other / 'bin/bench_node').symlink_to(Path(BUILD).resolve() / 'bin/bench_node')
            results = Path(folder) / 'results.json'
            run = subprocess.run([sys.executable, ROOT / 'bench/driver', '--quick', '--build', BUILD,
                                  '--against', other, '--json', results], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stderr)
            figures = json.loads(results.read_text())['figures']
        self.assertIn('The other build → this one', run.stdout)
        self.assertEqual({(figure['system'], figure['build'], figure['connections']) for figure in figures},
                         {(system, build, connections) for system in ('ours', 'ours, one process')
                          for build in ('other', 'this') for connections in (1, 16)})
        for figure in figures:
            self.assertTrue(figure['p50_us'] and figure['per_s'] and figure['cpu_us'], figure)


if __name__ == '__main__':
    unittest.main()

"""documents_packages_test.py PROGRAM: the packages of this machine as documents of a network, asked for by
filter, sort and page. What is right, awk and sort say, from the same file."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'bench/driver'))
from processes import Child, free_ports  # noqa: E402  (beside the measurements, which start processes too)

PROGRAM = sys.argv.pop(1)
STATUS = Path('/var/lib/dpkg/status')
NODES = 9
COLLECTIONS = {'packages': {'pk': 'id', 'indices': ['section', 'size']}}
AGREE_S, COMMAND_S = 60, 120
PAGE = 7

# Fields of a document by their names in the file; those below are read as numbers and lists.
FIELDS = {'Package': 'name', 'Version': 'version', 'Architecture': 'architecture', 'Section': 'section',
          'Priority': 'priority', 'Status': 'status', 'Essential': 'essential', 'Maintainer': 'maintainer',
          'Installed-Size': 'size', 'Depends': 'depends', 'Description': 'summary'}

# Functions for awk programs that see one package as one record. Continued lines are left out.
AWK_FUNCTIONS = r'''
function field(name,    i) {
  for (i = 1; i <= NF; i++) if (index($i, name ": ") == 1) return substr($i, length(name) + 3)
  return ""
}
function size() { return field("Installed-Size") + 0 }
function id() { return field("Package") ":" field("Architecture") }
'''


def awk(program, then=''):
    """The lines that an awk program gives for the packages, after the shell commands `then`."""
    command = f"awk -v RS= -F '\\n' -f <(cat <<'END'\n{AWK_FUNCTIONS}\n{program}\nEND\n) {STATUS} {then}"
    run = subprocess.run(['bash', '-o', 'pipefail', '-c', command], capture_output=True, text=True, check=True,
                         env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C'})
    return run.stdout.splitlines()


def ids_where(condition):
    return awk(f'{condition} {{ print id() }}', '| sort')


def package_of(paragraph):
    document = {}
    for line in paragraph.split('\n'):
        name, colon, value = line.partition(': ')
        if colon and name in FIELDS:
            document[FIELDS[name]] = value
    document['id'] = f"{document['name']}:{document['architecture']}"
    if 'size' in document:
        document['size'] = int(document['size'])
    if 'depends' in document:
        document['depends'] = document['depends'].split(', ')
    return document


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_ports(NODES)
        cls.network = Child([PROGRAM, 'dev', '--kind', 'documents', '--nodes', NODES, '--base-port', cls.port,
                             '--collections', json.dumps(COLLECTIONS), '--json'])
        cls.addClassCleanup(cls.network.stop)
        cls.network.wait_for(lambda line: line.get('agreeing') == NODES, AGREE_S)
        cls.documents = [package_of(one) for one in STATUS.read_text().strip().split('\n\n')]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / 'packages.jsonl'
            file.write_text(''.join(json.dumps(document) + '\n' for document in cls.documents))
            cls.imported = cls.ask('import', str(file))

    @classmethod
    def ask(cls, verb, *words, node=0):
        """What `spreadable documents` prints, through one of the nodes."""
        run = subprocess.run([PROGRAM, 'documents', verb, 'packages', *words, '--address',
                              f'localhost:{cls.port + node}'], capture_output=True, text=True,
                             timeout=COMMAND_S, check=False)
        if run.returncode != 0:
            raise AssertionError(f'{verb} {words}: {run.stderr}')
        return run.stdout.splitlines()

    def get(self, *words, node=0):
        return [json.loads(line) for line in self.ask('get', *words, node=node)]

    def test_all_packages_are_imported_and_counted_through_every_node(self):
        number = int(awk('END { print NR }')[0])
        self.assertGreater(number, 100)
        self.assertEqual(self.imported, [f'{number} added, 0 there already, 0 failed'])
        for node in range(NODES):
            self.assertEqual(self.ask('count', node=node), [str(number)])

    def test_filters_find_what_awk_finds(self):
        for filter, condition in (
                ({'section': 'libs'}, 'field("Section") == "libs"'),
                ({'section': {'$ne': 'libs'}}, 'field("Section") != "libs"'),
                ({'section': {'$in': ['admin', 'net', 'utils']}}, 'field("Section") ~ /^(admin|net|utils)$/'),
                ({'size': {'$gte': 1000, '$lt': 2000}}, 'size() >= 1000 && size() < 2000'),
                ({'name': {'$sw': 'lib'}}, 'index(field("Package"), "lib") == 1'),
                ({'name': {'$ew': '-dev'}}, 'field("Package") ~ /-dev$/'),
                ({'summary': {'$ilk': 'LIBRARY'}}, 'index(tolower(field("Description")), "library")'),
                ({'version': {'$rx': {'source': r'^\d+:'}}}, 'field("Version") ~ /^[0-9]+:/'),
                ({'maintainer': {'$rx': {'source': '@(lists|packages)\\.debian\\.org>$'}}},
                 'field("Maintainer") ~ /@(lists|packages)\\.debian\\.org>$/'),
                ({'depends': {'$lgt': 10}}, 'split(field("Depends"), parts, ", ") > 10'),
                ({'depends[0]': {'$sw': 'libc6 '}}, 'index(field("Depends"), "libc6 ") == 1'),
                ({'essential': 'yes'}, 'field("Essential") == "yes"'),
                ({'architecture': 'all', '$or': [{'priority': 'required'}, {'size': {'$lt': 50}}]},
                 'field("Architecture") == "all" && (field("Priority") == "required" || '
                 '(field("Installed-Size") != "" && size() < 50))'),
                ({'section': 'none such'}, '0')):
            with self.subTest(filter=filter):
                wanted = ids_where(condition)
                text = json.dumps(filter)
                found = self.get('--filter', text, '--sort', '["id"]', '--fields', '["id"]', node=4)
                self.assertEqual([one['id'] for one in found], wanted)
                self.assertEqual(self.ask('count', '--filter', text, node=5), [str(len(wanted))])

    def test_documents_come_back_as_they_were(self):
        for document in self.documents[::50]:
            self.assertEqual(self.get('--pk', document['id'], node=1), [document])

    def test_pages_of_an_order_are_the_lines_of_sort(self):
        wanted = awk('size() > 5000 { print size() "\\t" id() }',
                     "| sort -t '\t' -k1,1nr -k2,2")
        self.assertGreater(len(wanted), PAGE)
        seen = []
        for page in range(len(wanted) // PAGE + 1):
            found = self.get('--filter', '{"size": {"$gt": 5000}}', '--sort', '[["size", "desc"], "id"]',
                             '--limit', str(PAGE), '--page', str(page), node=page % NODES)
            self.assertEqual(len(found), min(PAGE, len(wanted) - page * PAGE))
            seen += [f"{one['size']}\t{one['id']}" for one in found]
        self.assertEqual(seen, wanted)

    def test_an_export_is_what_was_imported(self):
        exported = [json.loads(line) for line in self.ask('export', '--key', 'id', node=8)]
        self.assertEqual(exported, sorted(self.documents, key=lambda one: one['id']))


if __name__ == '__main__':
    unittest.main()

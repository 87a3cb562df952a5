// exchanges/access.js: who the sender claims to be, which version and which network.
import { row } from './table.js';

const kTargets = [
  ['POST', '/api/node/structure'],
  ['POST', '/client/get-available-node'],
  ['GET', '/status'],
  ['GET', '/ping'],
  ['GET', '/page'],
];

/** A row for each target and each value of one header; null leaves the header out. */
function header(name, values) {
  return values.flatMap((value) =>
    kTargets.map(([method, target]) => {
      const what = typeof value === 'function' ? value.name : JSON.stringify(value);
      const make = (side) => ({
        headers: { [name]: typeof value === 'function' ? value(side) : value },
      });
      return row(`${name}: ${what} to ${target}`, method, target, make);
    }),
  );
}

const ownAddress = (side) => side.address;
const ownRoot = (side) => side.root;
const ownRootAndSpace = (side) => `  ${side.root}  `;
const upperCaseRoot = (side) => side.root.toUpperCase();

export default [
  ...header('original-address', [
    null,
    '',
    ' ',
    ownAddress,
    'localhost:1',
    'localhost:0',
    'localhost:65535',
    'localhost:65536',
    'localhost:-1',
    'localhost:',
    'localhost',
    'localhost:abc',
    'localhost:1.5',
    '127.0.0.1:7101',
    '10.1.1.1:7101',
    '256.1.1.1:1',
    'LOCALHOST:1',
    'localhostfoo:1',
    'no-such-host.invalid:1',
    'single:1',
    '[::1]:1',
    '[::ffff:127.0.0.1]:1',
    '[::1]',
    '::1',
    '[zz]:1',
    'garbage',
    'a b:1',
    'http://localhost:1',
    'localhost:1/x',
    ['localhost:1', 'localhost:2'],
  ]),
  ...header('node-version', [
    null,
    '',
    'spreadable-0.3',
    'spreadable-0.4',
    'spreadable-0.3.10',
    'SPREADABLE-0.3',
    'metastocle-0.3',
    ['spreadable-0.3', 'spreadable-0.3'],
  ]),
  ...header('client-version', ['', 'spreadable-0.3', 'spreadable-0.2', 'x'.repeat(300)]),
  row('both versions: node right, client wrong', 'POST', '/client/get-available-node', {
    headers: { 'node-version': 'spreadable-0.3', 'client-version': 'x' },
  }),
  row('both versions: node wrong, client right', 'POST', '/client/get-available-node', {
    headers: { 'node-version': 'x', 'client-version': 'spreadable-0.3' },
  }),
  row('both versions: node empty, client wrong', 'POST', '/client/get-available-node', {
    headers: { 'node-version': '', 'client-version': 'x' },
  }),
  ...header('node-root', [
    null,
    '',
    ownRoot,
    ownRootAndSpace,
    upperCaseRoot,
    'localhost:1',
    'no address',
    ['localhost:1', 'localhost:1'],
  ]),
  ...header('x-forwarded-for', [
    '127.0.0.1',
    '10.0.0.7',
    '10.0.0.7, 127.0.0.1',
    '10.0.0.7, 10.0.0.8',
    '',
    'garbage',
    '2001:db8::7',
    '::ffff:10.0.0.9',
  ]),
];

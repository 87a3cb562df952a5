import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../client.js';
import { connect, startNode } from './fake_node.js';

const address = 'localhost:4000';

const refused = [
  [undefined, /option "address": expected "host:port"/],
  [null, /option "options": expected an object, got null/],
  [{}, /option "address": expected "host:port"/],
  [{ address: [] }, /option "address"/],
  [{ address: 'localhost' }, /option "address"/],
  [{ address: 'localhost:65536' }, /option "address"/],
  [{ address: 'http://localhost:1' }, /option "address"/],
  [{ address: 'user@localhost:1' }, /option "address"/],
  [{ address: ['localhost:1', 5] }, /option "address"/],
  [{ address, https: 'yes' }, /option "https": expected an object, got string/],
  [{ address, https: {} }, /option "https.ca": expected PEM text or bytes/],
  [{ address, https: { ca: [] } }, /option "https.ca": expected PEM text or bytes/],
  [{ address, https: { key: 'x' } }, /unknown option "https.key": did you mean "ca"/],
  [{ address, auth: 'user:pass' }, /option "auth": expected an object, got string/],
  [{ address, auth: '' }, /option "auth": expected an object, got string/],
  [{ address, auth: { username: 'me' } }, /option "auth.password": expected a text, got undefined/],
  [
    { address, auth: { username: 'a:b', password: '' } },
    /option "auth.username": expected a text without ":"/,
  ],
  [
    { address, request: { pingTimeout: 0 } },
    /option "request.pingTimeout": expected a time above zero/,
  ],
  [{ address, request: { clientTimeout: '10 parsecs' } }, /option "request.clientTimeout"/],
  [{ address, request: { clientTimeout: Infinity } }, /option "request.clientTimeout"/],
  [{ address, request: { clientTimeout: NaN } }, /option "request.clientTimeout"/],
  [
    { address, request: { approvalQuestionTimeout: '-1s' } },
    /option "request.approvalQuestionTimeout"/,
  ],
  [
    { address, request: { ignoreVersion: 1 } },
    /option "request.ignoreVersion": expected true or false/,
  ],
  [
    { address, request: { clientTimout: 1 } },
    /unknown option "request.clientTimout": did you mean "clientTimeout"/,
  ],
  [{ address, task: true }, /option "task": expected an object, got boolean/],
  [{ address, task: { workerChangeInterval: '' } }, /option "task.workerChangeInterval"/],
  [{ adress: address }, /unknown option "adress": did you mean "address"/],
];

test('client: options: what is unknown or ill-typed is named, with what is expected', () => {
  for (const [options, message] of refused) {
    assert.throws(
      () => new Client(options),
      (error) => {
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('client: options: an error never shows a secret', () => {
  for (const auth of [
    'geheim',
    { username: 'a:geheim', password: 'geheim' },
    { username: 'a', password: 616263 },
  ]) {
    assert.throws(
      () => new Client({ address, auth }),
      (error) => {
        assert.doesNotMatch(error.message, /geheim|616263/);
        return true;
      },
    );
  }
});

test('client: options: times are numbers, or texts with any unit of the protocol', async (t) => {
  const rows = [
    [250, 250],
    ['250', 250],
    ['250ms', 250],
    ['250 msecs', 250],
    ['900 milliseconds', 900],
    ['10s', 10_000],
    ['.5 SEC', 500],
    ['2 seconds', 2000],
    ['1.5m', 90_000],
    ['1 min', 60_000],
    ['2minutes', 120_000],
    ['1h', 3_600_000],
    ['2 hrs', 7_200_000],
    ['1 hour', 3_600_000],
    ['1d', 86_400_000],
    ['1 week', 604_800_000],
    ['1y', 31_557_600_000],
    ['1 yr', 31_557_600_000],
  ];
  const { node, client } = await connect(t, { 'POST /client/x': {} });
  for (const [time, ms] of rows) {
    await client.request('x', { timeout: time });
    assert.equal(node.lastBody('/client/x').timeout, ms, String(time));
  }
});

test('client: options: clientTimeout is the budget of a call that names none', async (t) => {
  const { node, client } = await connect(
    t,
    { 'POST /client/x': {} },
    { request: { clientTimeout: '3s' } },
  );
  await client.request('x');
  assert.equal(node.lastBody('/client/x').timeout, 3000);
});

test("client: options: the caller's options are neither modified nor read again", async (t) => {
  const node = await startNode(t);
  const list = Object.freeze([node.address]);
  const options = Object.freeze({ address: list, request: Object.freeze({}), task: false });
  const client = new Client(options);
  t.after(() => client.close());
  await client.init();
  assert.equal(client.worker, node.address);
});

const badCalls = [
  [(client) => client.request('x', { body: [] }), /option "body": expected an object, got object/],
  [
    (client) => client.request('x', { body: 'text' }),
    /option "body": expected an object, got string/,
  ],
  [
    (client) => client.request('x', { timeout: '0s' }),
    /option "timeout": expected a time above zero/,
  ],
  [
    (client) => client.request('x', { timeOut: 1 }),
    /unknown option "timeOut": did you mean "timeout"/,
  ],
  [
    (client) => client.request('x', { address: 'nowhere' }),
    /option "address": expected "host:port"/,
  ],
  [(client) => client.request('x', { signal: {} }), /option "signal": expected an AbortSignal/],
  [(client) => client.request('x', { query: 'a=b' }), /option "query": expected an object/],
  [(client) => client.request('x', { formData: 5 }), /option "formData": expected an object/],
  [(client) => client.request('x', null), /option "options": expected an object, got null/],
  [(client) => client.request('../api/node/structure'), /option "endpoint": expected one such as/],
  [(client) => client.request('/x'), /option "endpoint"/],
  [(client) => client.request('x?y'), /option "endpoint"/],
  [(client) => client.request(5), /option "endpoint"/],
  [(client) => client.get('status'), /option "path": expected one like "\/status"/],
  [(client) => client.get('/status', { body: {} }), /unknown option "body"/],
  [(client) => client.traverse('x', 5), /option "body": expected an object/],
  [(client) => client.traverse('x', {}, { formData: {} }), /unknown option "formData"/],
  [(client) => client.requestGroup('localhost:1', 'x'), /option "targets": expected a list/],
  [
    (client) => client.requestGroup(['nowhere'], 'x'),
    /option "targets\[0\].address": expected "host:port"/,
  ],
  [
    (client) => client.requestGroup(['a:1', { address: 'b:1', option: {} }], 'x'),
    /unknown option "targets\[1\].option": did you mean "options"/,
  ],
  [
    (client) => client.requestGroup([{ address: 'a:1', options: { body: 1 } }], 'x'),
    /option "body"/,
  ],
  [(client) => client.getApprovalQuestion(), /option "action": expected a text/],
  [(client) => client.getApprovalQuestion('a', {}, { timeout: -1 }), /option "timeout"/],
];

test('client: calls: what is ill-typed is refused by name before anything is sent', async (t) => {
  const { node, client } = await connect(t);
  const before = node.requests.length;
  for (const [call, message] of badCalls) {
    await assert.rejects(
      () => call(client),
      (error) => {
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  }
  assert.equal(node.requests.length, before);
});

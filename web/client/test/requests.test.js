import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, makeClient, reply, silent, startNode } from './fake_node.js';

/** The parts of a multipart body: name and text of each. */
async function partsOf({ headers, body }) {
  const response = new Response(body, { headers: { 'content-type': headers['content-type'] } });
  return Promise.all(
    [...(await response.formData())].map(async ([name, value]) => [
      name,
      typeof value === 'string' ? value : await value.text(),
    ]),
  );
}

test('client: request: posts JSON with budget and version, resolves to the answer', async (t) => {
  const { node, client } = await connect(t, { 'POST /client/count-words': { total: 3 } });
  const before = Date.now();
  assert.deepEqual(await client.request('count-words', { body: { word: 'liberty' } }), {
    total: 3,
  });
  const [seen] = node.asked('POST', '/client/count-words');
  assert.equal(seen.headers['content-type'], 'application/json');
  assert.equal(seen.headers['client-version'], 'spreadable-0.3');
  assert.equal(seen.headers['spreadable-features'], 'coverage');
  assert.equal(seen.headers.authorization, undefined);
  assert.equal(seen.headers['original-address'], undefined);
  const { word, timeout, timestamp, ...rest } = JSON.parse(seen.body);
  assert.deepEqual([word, timeout, rest], ['liberty', 10_000, {}]);
  assert.ok(timestamp >= before && timestamp <= Date.now());
});

test('client: request: any JSON is an answer', async (t) => {
  const { node, client } = await connect(t);
  for (const value of [null, 0, false, '', [1, [2]], { a: { b: 'ü' } }]) {
    node.routes['POST /client/x'] = (_, response) => reply(response, 200, JSON.stringify(value));
    assert.deepEqual(await client.request('x'), value);
  }
});

test("client: request: the caller's body and approvalInfo stay as they are", async (t) => {
  const { node, client } = await connect(t, { 'POST /client/x': {} });
  const body = Object.freeze({ word: 'a', timeout: 'mine' });
  const approvalInfo = Object.freeze({ action: 'a', key: 'k', question: 'q', answer: 'yes' });
  await client.request('x', { body, approvalInfo, timeout: 500 });
  const sent = node.lastBody('/client/x');
  assert.equal(sent.timeout, 500);
  assert.deepEqual(sent.approvalInfo, { action: 'a', key: 'k', answer: 'yes' });
  assert.deepEqual(approvalInfo, { action: 'a', key: 'k', question: 'q', answer: 'yes' });
  assert.deepEqual(body, { word: 'a', timeout: 'mine' });
});

test('client: request: an approvalInfo without answer is refused before sending', async (t) => {
  const { node, client } = await connect(t, { 'POST /client/x': {} });
  for (const approvalInfo of [{ action: 'a', key: 'k' }, 'text', { answer: undefined }]) {
    await assert.rejects(() => client.request('x', { approvalInfo }), {
      name: 'TypeError',
      message: /option "approvalInfo": expected .* with an "answer"/,
    });
  }
  assert.equal(node.asked('POST', '/client/x').length, 0);
});

test('client: request: a query goes into the URL, escaped', async (t) => {
  const { node, client } = await connect(t, { 'POST /client/x': {} });
  await client.request('x', { query: { a: '1 & 2', b: 'ü' } });
  await client.request('x', {
    query: new URLSearchParams([
      ['c', '1'],
      ['c', '2'],
    ]),
  });
  assert.deepEqual(
    node.asked('POST', '/client/x').map((one) => one.url),
    ['/client/x?a=1+%26+2&b=%C3%BC', '/client/x?c=1&c=2'],
  );
});

test('client: request: a form carries its own parts, the fields, the budget and the approval', async (t) => {
  const { node, client } = await connect(t, { 'POST /client/x': {} });
  const formData = { file: new Blob(['bytes']), title: 'b', count: 5 };
  const approvalInfo = { key: 'k', question: 'q', answer: 'yes' };
  await client.request('x', {
    formData,
    body: { list: [1], none: undefined },
    approvalInfo,
    timeout: 700,
  });
  const [seen] = node.asked('POST', '/client/x');
  assert.match(seen.headers['content-type'], /^multipart\/form-data; boundary=/);
  const parts = await partsOf(seen);
  assert.match(parts.find(([name]) => name === 'timestamp')[1], /^\d+$/);
  assert.deepEqual(parts.filter(([name]) => name !== 'timestamp').sort(), [
    ['approvalInfo', '{"key":"k","answer":"yes"}'],
    ['count', '5'],
    ['file', 'bytes'],
    ['list', '[1]'],
    ['timeout', '700'],
    ['title', 'b'],
  ]);
});

test('client: request: a FormData object is sent and stays as it is', async (t) => {
  const { node, client } = await connect(t, { 'POST /client/x': {} });
  const form = new FormData();
  form.append('duplicates[0]', 'a:1');
  form.append('duplicates[0]', 'b:1');
  await client.request('x', { formData: form });
  assert.equal([...form].length, 2);
  const parts = await partsOf(node.asked('POST', '/client/x')[0]);
  assert.deepEqual(parts.slice(0, 2), [
    ['duplicates[0]', 'a:1'],
    ['duplicates[0]', 'b:1'],
  ]);
  assert.deepEqual(
    parts.slice(2).map(([name]) => name),
    ['timeout', 'timestamp'],
  );
});

test('client: request: an address of the call outweighs the worker', async (t) => {
  const { node, client } = await connect(t);
  const other = await startNode(t, { 'POST /client/x': 1, 'GET /status': 2 });
  assert.equal(await client.request('x', { address: other.address }), 1);
  assert.equal(await client.get('/status', { address: other.address }), 2);
  assert.equal(client.worker, node.address);
});

test('client: credentials: go as Basic authorization, in UTF-8', async (t) => {
  const auth = { username: 'user', password: 'pa:ss-ü' };
  const { node, client } = await connect(t, { 'GET /status': {} }, { auth });
  await client.get('/status');
  const [seen] = node.asked('GET', '/status');
  assert.equal(
    seen.headers.authorization,
    `Basic ${Buffer.from('user:pa:ss-ü').toString('base64')}`,
  );
});

test('client: ignoreVersion: leaves the version out', async (t) => {
  const { node, client } = await connect(
    t,
    { 'POST /client/x': {} },
    { request: { ignoreVersion: true } },
  );
  await client.request('x');
  assert.ok(node.requests.length >= 2);
  for (const seen of node.requests) assert.equal(seen.headers['client-version'], undefined);
});

test('client: get: gets the page with its query', async (t) => {
  const { node, client } = await connect(t, { 'GET /status': { networkSize: 5 } });
  assert.deepEqual(await client.get('/status?pretty'), { networkSize: 5 });
  assert.equal(node.requests.at(-1).url, '/status?pretty');
});

test('client: connections: are used again', async (t) => {
  const sockets = new Set();
  const { node, client } = await connect(t);
  node.routes['POST /client/x'] = (_, response) => {
    sockets.add(response.socket);
    reply(response, 200, {});
  };
  for (let i = 0; i < 20; ++i) await client.request('x');
  assert.ok(sockets.size <= 2, `${sockets.size} connections`); // one may not be free yet when the next call begins
});

const traversal = {
  value: { words: 7 },
  nodesAsked: 5,
  nodesAnswered: 4,
  mastersAsked: 3,
  mastersFailed: 0,
  silent: ['localhost:4004'],
  complete: false,
};

test('client: traverse: sends the query and resolves to the counted answer', async (t) => {
  const { node, client } = await connect(t, { 'POST /client/count-words': traversal });
  const query = Object.freeze({ word: 'liberty' });
  assert.deepEqual(await client.traverse('count-words', query, { timeout: '4s' }), traversal);
  const { timestamp, ...sent } = node.lastBody('/client/count-words');
  assert.deepEqual(sent, { word: 'liberty', timeout: 4000 });
});

test('client: traverse: refuses an answer of another form', async (t) => {
  const { node, client } = await connect(t);
  const { value, ...withoutValue } = traversal;
  const rows = [
    [null, 'value'],
    [[], 'value'],
    [withoutValue, 'value'],
    [{ ...traversal, nodesAsked: -1 }, 'nodesAsked'],
    [{ ...traversal, nodesAnswered: 1.5 }, 'nodesAnswered'],
    [{ ...traversal, mastersAsked: '3' }, 'mastersAsked'],
    [{ ...traversal, mastersFailed: null }, 'mastersFailed'],
    [{ ...traversal, silent: {} }, 'silent'],
    [{ ...traversal, silent: ['nowhere'] }, 'silent'],
    [{ ...traversal, complete: 1 }, 'complete'],
  ];
  for (const [answer, field] of rows) {
    node.routes['POST /client/x'] = (_, response) => reply(response, 200, answer);
    await assert.rejects(() => client.traverse('x'), {
      name: 'ClientError',
      code: 'ERR_SPREADABLE_RESPONSE_SCHEMA',
      address: node.address,
      message: new RegExp(`no valid "${field}"`),
    });
  }
});

test('client: requestGroup: asks all at once; results stand in the order given', async (t) => {
  const waiting = [];
  const answerAll = (_, response) => {
    waiting.push(response); // the first waits for the last: one by one they would wait forever
    if (waiting.length === 3) waiting.reverse().forEach((one, i) => reply(one, 200, i));
  };
  const nodes = await Promise.all(
    [1, 2, 3].map(() => startNode(t, { 'POST /client/x': answerAll })),
  );
  const client = makeClient(t, { address: nodes[0].address });
  const results = await client.requestGroup(
    nodes.map((node) => node.address),
    'x',
    { timeout: '9s' },
  );
  assert.deepEqual(
    results.map(({ address }) => address),
    nodes.map((node) => node.address),
  );
  assert.deepEqual(results.map(({ value }) => value).sort(), [0, 1, 2]);
});

test('client: requestGroup: a node that fails costs its own result only', async (t) => {
  const good = await startNode(t, { 'POST /client/x': { is: 'fine' } });
  const refusing = await startNode(t, {
    'POST /client/x': (_, response) => reply(response, 422, { message: 'no', code: 'ERR_NO' }),
  });
  const mute = await startNode(t, { 'POST /client/x': silent });
  const client = makeClient(t, { address: good.address });
  const targets = [
    { address: mute.address, options: { timeout: 100 } },
    good.address,
    refusing.address,
  ];
  const [first, second, third] = await client.requestGroup(targets, 'x');
  assert.equal(first.error.code, 'ERR_SPREADABLE_REQUEST_TIMEDOUT');
  assert.deepEqual(second, { address: good.address, value: { is: 'fine' } });
  assert.equal(third.error.code, 'ERR_NO');
  assert.equal(third.error.status, 422);
});

test('client: requestGroup: options of a target outweigh those of the group', async (t) => {
  const node = await startNode(t, { 'POST /client/x': {} });
  const client = makeClient(t, { address: node.address });
  const { address } = node;
  const targets = [address, { address, options: { body: { own: 1 }, timeout: '2s' } }, { address }];
  await client.requestGroup(targets, 'x', { body: { all: 1 }, timeout: '1s' });
  const bodies = node.requests.map((one) => JSON.parse(one.body));
  const found = bodies.map(({ timestamp, ...rest }) => JSON.stringify(rest)).sort();
  assert.deepEqual(found, [
    '{"all":1,"timeout":1000}',
    '{"all":1,"timeout":1000}',
    '{"own":1,"timeout":2000}',
  ]);
});

test('client: requestGroup: of nobody is nothing', async (t) => {
  const client = makeClient(t, { address: 'localhost:1' });
  assert.deepEqual(await client.requestGroup([], 'x'), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError } from '../client.js';
import { connect, deadAddress, makeClient, reply, silent } from './fake_node.js';

const timedOut = { name: 'ClientError', code: 'ERR_SPREADABLE_REQUEST_TIMEDOUT' };
const unreachable = { name: 'ClientError', code: 'ERR_SPREADABLE_UNREACHABLE' };
const badAnswer = { name: 'ClientError', code: 'ERR_SPREADABLE_RESPONSE_SCHEMA' };

test('client: errors: carry code, status, address and message of the node', async (t) => {
  const { node, client } = await connect(t, {
    'POST /client/x': (_, response) =>
      reply(response, 422, { message: 'bad word', code: 'ERR_WORD' }),
  });
  const error = await client.request('x').catch((reason) => reason);
  assert.ok(error instanceof ClientError && error instanceof Error);
  assert.deepEqual(
    { ...error, message: error.message },
    {
      name: 'ClientError',
      code: 'ERR_WORD',
      status: 422,
      address: node.address,
      message: 'bad word',
    },
  );
});

test('client: errors: without code tell the status, whatever the body is', async (t) => {
  const { node, client } = await connect(t);
  const plain = (status) => `${node.address} answered ${status}`;
  const rows = [
    [401, { message: 'Authentication is required' }, 'Authentication is required'],
    [403, { message: 'Address is denied', code: 5 }, 'Address is denied'],
    [404, '<h1>no</h1>', plain(404)],
    [413, [], plain(413)],
    [500, '', plain(500)],
    [502, 'null', plain(502)],
    [503, { message: '' }, plain(503)],
    [504, { message: {} }, plain(504)],
  ];
  for (const [status, body, message] of rows) {
    node.routes['POST /client/x'] = (_, response) => reply(response, status, body);
    await assert.rejects(() => client.request('x'), {
      name: 'ClientError',
      code: undefined,
      status,
      address: node.address,
      message,
    });
  }
});

test('client: errors: a long message is cut', async (t) => {
  const { client } = await connect(t, {
    'POST /client/x': (_, response) => reply(response, 500, { message: 'x'.repeat(100_000) }),
  });
  const error = await client.request('x').catch((reason) => reason);
  assert.equal(error.message.length, 1000);
});

test('client: errors: a redirect is told, not followed', async (t) => {
  const { node, client } = await connect(t, {
    'GET /status': (_, response) => reply(response, 302, '', { location: '/elsewhere' }),
    'GET /elsewhere': {},
  });
  await assert.rejects(() => client.get('/status'), { name: 'ClientError', status: 302 });
  assert.equal(node.asked('GET', '/elsewhere').length, 0);
});

test('client: answers: a success must be JSON', async (t) => {
  const { node, client } = await connect(t);
  for (const body of ['', '{', '<p>hello</p>', Buffer.from([0xff, 0xfe, 0])]) {
    node.routes['POST /client/x'] = (_, response) => reply(response, 200, body);
    await assert.rejects(() => client.request('x'), {
      ...badAnswer,
      message: /is not JSON/,
      status: 200,
    });
  }
  node.routes['POST /client/x'] = (_, response) => response.writeHead(204).end();
  await assert.rejects(() => client.request('x'), badAnswer);
});

test('client: answers: deep JSON and JSON with the names of JavaScript harm nobody', async (t) => {
  const { node, client } = await connect(t);
  const depth = 100_000;
  node.routes['POST /client/x'] = (_, response) =>
    reply(response, 200, '['.repeat(depth) + ']'.repeat(depth));
  assert.ok(Array.isArray(await client.request('x').catch(() => [])));
  node.routes['POST /client/x'] = (_, response) =>
    reply(response, 200, '{"__proto__":{"polluted":1}}');
  await client.request('x');
  assert.equal({}.polluted, undefined);
});

test('client: answers: up to 8 MiB are read, more is refused', async (t) => {
  const { node, client } = await connect(t);
  const limit = 8 * 1024 * 1024;
  node.routes['POST /client/x'] = (_, response) =>
    reply(response, 200, `"${'x'.repeat(limit - 2)}"`);
  assert.equal((await client.request('x')).length, limit - 2);
  node.routes['POST /client/x'] = (_, response) =>
    reply(response, 200, `"${'x'.repeat(limit - 1)}"`);
  await assert.rejects(() => client.request('x'), { ...badAnswer, message: /longer than 8 MiB/ });
});

test('client: answers: one without end is left early', async (t) => {
  let isLeft;
  const left = new Promise((resolve) => (isLeft = resolve));
  const { client } = await connect(t, {
    'POST /client/x': (_, response) => {
      const chunk = Buffer.alloc(1 << 16, 'x');
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more).on('close', isLeft);
      response.writeHead(500);
      more();
    },
  });
  await assert.rejects(() => client.request('x'), { ...badAnswer, message: /longer than 8 MiB/ });
  await left;
});

test('client: timeout: ends a call that gets no answer', async (t) => {
  const { node, client } = await connect(t, { 'POST /client/x': silent, 'GET /status': silent });
  const from = performance.now();
  await assert.rejects(() => client.request('x', { timeout: 60 }), {
    ...timedOut,
    address: node.address,
    message: `${node.address} timed out`,
  });
  await assert.rejects(() => client.get('/status', { timeout: '60ms' }), timedOut);
  const took = performance.now() - from;
  assert.ok(took >= 110, `took ${took} ms`); // timers count whole milliseconds
});

test('client: timeout: includes the reading of the body', async (t) => {
  let isLeft;
  const left = new Promise((resolve) => (isLeft = resolve));
  const { client } = await connect(t, {
    'POST /client/x': (_, response) => {
      response.on('close', isLeft).writeHead(200);
      response.write('{"a":');
    },
  });
  await assert.rejects(() => client.request('x', { timeout: 80 }), timedOut);
  await left;
});

test('client: timeout: clientTimeout ends calls that name none', async (t) => {
  const { client } = await connect(
    t,
    { 'POST /client/x': silent },
    { request: { clientTimeout: 50 } },
  );
  await assert.rejects(() => client.request('x'), timedOut);
});

test('client: timeout: a very long one does not end the call at once', async (t) => {
  const { client } = await connect(t, { 'POST /client/x': 1 });
  assert.equal(await client.request('x', { timeout: '90 days' }), 1);
});

test('client: signal: ends the call with its reason, and its request', async (t) => {
  let isLeft, isAsked;
  const left = new Promise((resolve) => (isLeft = resolve));
  const asked = new Promise((resolve) => (isAsked = resolve));
  const { node, client } = await connect(t, {
    'POST /client/x': (_, response) => {
      response.on('close', isLeft);
      isAsked();
    },
  });
  const controller = new AbortController();
  const call = client.request('x', { signal: controller.signal });
  await asked;
  controller.abort(new Error('enough'));
  await assert.rejects(call, { message: 'enough' });
  await left;
  await assert.rejects(() => client.request('x', { signal: controller.signal }), {
    message: 'enough',
  });
  assert.equal(node.asked('POST', '/client/x').length, 1);
});

test('client: connection: a refused one is told with its cause', async (t) => {
  const address = await deadAddress(t);
  const client = makeClient(t, { address });
  await assert.rejects(() => client.request('x', { address }), {
    ...unreachable,
    address,
    message: `${address} cannot be reached: ECONNREFUSED`,
  });
});

test('client: connection: one that breaks within the answer is no answer', async (t) => {
  const { client } = await connect(t, {
    'POST /client/x': (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"a":1', () => response.destroy());
    },
  });
  await assert.rejects(() => client.request('x'), unreachable);
});

test('client: close: ends running calls and refuses later ones', async (t) => {
  let isAsked;
  const asked = new Promise((resolve) => (isAsked = resolve));
  const { client, node } = await connect(t, { 'POST /client/x': () => isAsked() });
  const call = client.request('x');
  await asked;
  client.close();
  client.close();
  const closed = { name: 'ClientError', code: 'ERR_SPREADABLE_CLIENT_CLOSED' };
  await assert.rejects(call, closed);
  const later = [
    () => client.request('x'),
    () => client.get('/status'),
    () => client.init(),
    () => client.changeWorker(),
    () => client.requestGroup([node.address], 'x'),
    () => client.traverse('x'),
    () => client.getApprovalQuestion('a'),
    () => client.request('x', { address: node.address }),
  ];
  const before = node.requests.length;
  for (const one of later) await assert.rejects(one, closed);
  assert.equal(node.requests.length, before);
});

test('client: init: is needed before a call without address', async (t) => {
  const client = makeClient(t, { address: 'localhost:1' });
  for (const call of [
    () => client.request('x'),
    () => client.get('/x'),
    () => client.changeWorker(),
  ]) {
    await assert.rejects(call, { ...unreachable, message: /wait for init/ });
  }
});

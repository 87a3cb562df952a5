import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { connect, deadAddress, makeClient, reply, silent, startNode, until } from './fake_node.js';

const unreachable = { name: 'ClientError', code: 'ERR_SPREADABLE_UNREACHABLE' };
const naming = (address) => ({ 'POST /client/get-available-node': { address } });

test('client: init: takes the address that answers', async (t) => {
  const [dead, node] = [await deadAddress(t), await startNode(t)];
  for (let i = 0; i < 8; ++i) {
    const client = makeClient(t, { address: [dead, node.address] });
    assert.equal(client.worker, '');
    await client.init();
    assert.equal(client.worker, node.address);
  }
});

test('client: init: tries the addresses in random order', async (t) => {
  const nodes = await Promise.all([startNode(t), startNode(t)]);
  const address = nodes.map((node) => node.address);
  const found = new Set();
  for (let i = 0; i < 64 && found.size < 2; ++i) {
    // each of two is missed once in 2^63 runs
    const client = makeClient(t, { address });
    await client.init();
    found.add(client.worker);
  }
  assert.deepEqual([...found].sort(), [...address].sort());
});

test('client: init: only a ping with status 200 and the right body counts', async (t) => {
  const good = await startNode(t);
  const answers = [
    [500, { version: 'v', address: 'a:1' }],
    [201, { version: 'v', address: 'a:1' }],
    [200, 'hello'],
    [200, { success: true }],
    [200, { version: 5, address: 'a:1' }],
    [200, []],
    [401, { message: 'no' }],
  ];
  for (const [status, body] of answers) {
    const other = await startNode(t, {
      'GET /ping': (_, response) => reply(response, status, body),
    });
    const client = makeClient(t, { address: other.address });
    await assert.rejects(() => client.init(), unreachable, JSON.stringify(body));
    const second = makeClient(t, { address: [other.address, good.address] });
    await second.init();
    assert.equal(second.worker, good.address);
  }
});

test('client: init: when nobody answers, all who were tried are named', async (t) => {
  const dead = await deadAddress(t);
  const mute = await startNode(t, { 'GET /ping': silent });
  const client = makeClient(t, { address: [dead, mute.address], request: { pingTimeout: 50 } });
  const error = await client.init().catch((reason) => reason);
  assert.equal(error.code, unreachable.code);
  assert.match(error.message, /^none of the given nodes answers: /);
  assert.ok(error.message.includes(`${dead} cannot be reached: ECONNREFUSED`), error.message);
  assert.ok(error.message.includes(`${mute.address} timed out`), error.message);
  assert.equal(client.worker, '');
});

test('client: changeWorker: asks the network, pings the node named, and moves there', async (t) => {
  const other = await startNode(t, { 'POST /client/x': 1 });
  const { node, client } = await connect(t, naming(other.address));
  assert.equal(await client.changeWorker(), other.address);
  assert.equal(client.worker, other.address);
  assert.equal(other.asked('GET', '/ping').length, 1);
  assert.equal(await client.request('x'), 1);
  node.routes['POST /client/get-available-node'] = { address: node.address };
  assert.equal(await client.changeWorker(), node.address); // asked of the node first found
});

test('client: changeWorker: stays when the network names the worker', async (t) => {
  const { node, client } = await connect(t);
  node.routes['POST /client/get-available-node'] = { address: node.address };
  assert.equal(await client.changeWorker(), node.address);
  assert.equal(node.asked('GET', '/ping').length, 1);
});

test('client: changeWorker: stays, and tells why, when the node named is silent or none is', async (t) => {
  const { node, client } = await connect(t);
  const dead = await deadAddress(t);
  const rows = [
    [200, { address: dead }, 'ERR_SPREADABLE_UNREACHABLE'],
    [500, { message: 'no', code: 'ERR_NO' }, 'ERR_NO'],
    ...[{ address: 'http://evil' }, { address: 5 }, {}, [], null].map((answer) => [
      200,
      answer,
      'ERR_SPREADABLE_RESPONSE_SCHEMA',
    ]),
  ];
  for (const [status, answer, code] of rows) {
    node.routes['POST /client/get-available-node'] = (_, response) =>
      reply(response, status, answer);
    await assert.rejects(() => client.changeWorker(), { name: 'ClientError', code });
    assert.equal(client.worker, node.address);
  }
});

test('client: changeWorker: looks for another of the given nodes when the one asked is gone', async (t) => {
  const [first, second, third] = await Promise.all([startNode(t), startNode(t), startNode(t)]);
  for (const node of [first, second]) Object.assign(node.routes, naming(third.address));
  const client = makeClient(t, { address: [first.address, second.address] });
  await client.init();
  const [gone, left] = client.worker === first.address ? [first, second] : [second, first];
  await client.changeWorker();
  await gone.stop();
  await assert.rejects(() => client.changeWorker(), { ...unreachable, address: gone.address });
  assert.equal(client.worker, third.address); // which still answers
  left.routes['POST /client/get-available-node'] = { address: left.address };
  assert.equal(await client.changeWorker(), left.address);
});

test('client: task: workers change at the interval, again and again', async (t) => {
  const other = await startNode(t);
  const { node, client } = await connect(t, naming(other.address), {
    task: { workerChangeInterval: 20 },
  });
  await until(() => client.worker === other.address, 'the change');
  node.routes['POST /client/get-available-node'] = { address: node.address };
  await until(() => client.worker === node.address, 'the change back');
});

test('client: task: false never asks for another worker, nor does a closed client', async (t) => {
  const { node, client } = await connect(t, {}, { task: { workerChangeInterval: 15 } });
  const still = await connect(t);
  await until(() => node.asked('POST', '/client/get-available-node').length > 1, 'two changes');
  client.close();
  const asked = node.asked('POST', '/client/get-available-node').length;
  const closed = performance.now();
  await until(() => performance.now() - closed > 60, 'four intervals');
  assert.ok(node.asked('POST', '/client/get-available-node').length <= asked + 1); // one was on its way
  assert.equal(still.node.asked('POST', '/client/get-available-node').length, 0);
});

test('client: task: its timer keeps no program running', async (t) => {
  const node = await startNode(t);
  const url = new URL('../client.js', import.meta.url);
  const script = `import { Client } from ${JSON.stringify(url)};
    const client = new Client({ address: process.argv[1], task: { workerChangeInterval: '1h' } });
    await client.init();
    console.log(client.worker);`;
  const words = ['--input-type=module', '-e', script, node.address];
  const child = spawn(process.execPath, words, { timeout: 30_000 }); // then it is ended, by a signal
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.on('exit', resolve));
  assert.deepEqual([code, output.trim()], [0, node.address]);
});

/** Two nodes and a client whose worker is the first; `routes` are of both. */
async function pair(t, routes, options) {
  const nodes = await Promise.all([startNode(t, routes), startNode(t, routes)]);
  const client = makeClient(t, { address: nodes.map((node) => node.address), ...options });
  await client.init();
  if (nodes[0].address !== client.worker) nodes.reverse();
  return { first: nodes[0], second: nodes[1], client };
}

test('client: task: a change that fails is tried again at the next interval', async (t) => {
  const other = await startNode(t);
  const { node, client } = await connect(t, {}, { task: { workerChangeInterval: 20 } });
  await until(() => node.asked('POST', '/client/get-available-node').length > 1, 'two failures');
  node.routes['POST /client/get-available-node'] = { address: other.address };
  await until(() => client.worker === other.address, 'the change');
});

test('client: failover: a POST is not repeated; the next call goes to another node', async (t) => {
  const { first, second, client } = await pair(t, { 'POST /client/x': 1 });
  await first.stop();
  await assert.rejects(() => client.request('x'), { ...unreachable, address: first.address });
  assert.equal(second.asked('POST', '/client/x').length, 0);
  assert.equal(client.worker, second.address);
  assert.equal(await client.request('x'), 1);
});

test('client: failover: a GET is repeated once, at another node', async (t) => {
  const { first, second, client } = await pair(t, { 'GET /status': { networkSize: 2 } });
  await first.stop();
  assert.deepEqual(await client.get('/status'), { networkSize: 2 });
  assert.equal(client.worker, second.address);
  assert.equal(second.asked('GET', '/status').length, 1);
});

test('client: failover: a GET that fails again is not repeated twice', async (t) => {
  const broken = (_, response) => response.destroy();
  const { first, second, client } = await pair(t, { 'GET /status': broken });
  await assert.rejects(() => client.get('/status'), unreachable);
  assert.equal(first.asked('GET', '/status').length + second.asked('GET', '/status').length, 2);
});

test('client: failover: calls that fail together share one search', async (t) => {
  const { first, second, client } = await pair(t, { 'GET /status': 1 });
  const pings = second.asked('GET', '/ping').length;
  await first.stop();
  assert.deepEqual(
    await Promise.all([1, 2, 3, 4, 5].map(() => client.get('/status'))),
    [1, 1, 1, 1, 1],
  );
  assert.equal(second.asked('GET', '/ping').length, pings + 1);
});

test('client: failover: a call that fails after the move does not search again', async (t) => {
  const held = [];
  const { first, second, client } = await pair(t, {
    'POST /client/x': (_, response) => held.push(response),
  });
  const calls = [client.request('x'), client.request('x')].map((call) =>
    assert.rejects(call, unreachable),
  );
  await until(() => held.length === 2, 'both requests');
  first.routes['GET /ping'] = (_, response) => response.destroy();
  held[0].destroy();
  await until(() => client.worker === second.address, 'the move');
  const pings = () => first.asked('GET', '/ping').length + second.asked('GET', '/ping').length;
  const before = pings();
  held[1].destroy();
  await Promise.all(calls);
  assert.equal(pings(), before);
});

test('client: failover: without another node the error is that of the call', async (t) => {
  const { node, client } = await connect(t);
  await node.stop();
  await assert.rejects(() => client.request('x'), { ...unreachable, address: node.address });
  await assert.rejects(() => client.get('/x'), { ...unreachable, address: node.address });
  assert.equal(client.worker, node.address);
});

test('client: failover: an answer, even an error, keeps the worker', async (t) => {
  const { first, client } = await pair(t, {
    'POST /client/x': (_, response) => reply(response, 500, {}),
  });
  await assert.rejects(() => client.request('x'), { status: 500 });
  assert.equal(client.worker, first.address);
});

test('client: failover: a node that was asked by address does not cost the worker', async (t) => {
  const { node, client } = await connect(t);
  const dead = await deadAddress(t);
  await assert.rejects(() => client.request('x', { address: dead }), unreachable);
  await assert.rejects(() => client.get('/x', { address: dead }), unreachable);
  assert.equal(client.worker, node.address);
});

test('client: failover: approvers that are gone do not cost the worker', async (t) => {
  const approvers = [await deadAddress(t)];
  const key = { approvers, key: 'k', startedAt: 1, clientIp: '127.0.0.1' };
  const { first, client } = await pair(t, { 'POST /client/request-approval-key': key });
  const pings = first.asked('GET', '/ping').length;
  await assert.rejects(() => client.getApprovalQuestion('a'), {
    ...unreachable,
    address: approvers[0],
  });
  assert.equal(client.worker, first.address);
  assert.equal(first.asked('GET', '/ping').length, pings);
});

test('client: failover: a coordinator that is gone is replaced for the next question', async (t) => {
  const { first, second, client } = await pair(t, {
    'POST /client/request-approval-key': {
      approvers: [],
      key: 'k',
      startedAt: 1,
      clientIp: '127.0.0.1',
    },
    'POST /client/request-approval-question': { question: 'q' },
  });
  await first.stop();
  await assert.rejects(() => client.getApprovalQuestion('a'), {
    ...unreachable,
    address: first.address,
  });
  assert.equal(client.worker, second.address);
  assert.equal((await client.getApprovalQuestion('a')).question, 'q');
});

test('client: failover: waits no longer than the call may take', async (t) => {
  const { first, second, client } = await pair(t, {}, { request: { pingTimeout: '1h' } });
  await first.stop();
  second.routes['GET /ping'] = silent;
  const from = performance.now();
  await assert.rejects(() => client.request('x', { timeout: 150 }), unreachable);
  assert.ok(performance.now() - from < 5000);
});

test('client: failover: a worker that is silent to a call and to a ping is replaced', async (t) => {
  const { first, second, client } = await pair(
    t,
    { 'POST /client/x': silent },
    { request: { pingTimeout: '1s' } },
  );
  await assert.rejects(() => client.request('x', { timeout: 30 }), {
    code: 'ERR_SPREADABLE_REQUEST_TIMEDOUT',
  });
  await until(() => first.asked('GET', '/ping').length === 2, 'the ping');
  assert.equal(client.worker, first.address); // slow, but there
  first.routes['GET /ping'] = silent;
  await assert.rejects(() => client.request('x', { timeout: 30 }), {
    code: 'ERR_SPREADABLE_REQUEST_TIMEDOUT',
  });
  await until(() => client.worker === second.address, 'the move');
});

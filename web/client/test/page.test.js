// What differs in a page: here the globals of a browser are set for a while.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../client.js';
import { makeClient, reply, startNode } from './fake_node.js';

const base64 = (text) => Buffer.from(text).toString('base64');

/** The cookie of the node at `address` that holds `value`: a text, or an object as JSON. */
function cookieOf(address, value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `spreadableNetworkAuth[${address}]=${base64(text)}`;
}

/** Makes `t` run as in the page at `url`, whose scripts see `cookie`. */
function show(t, url, cookie = '') {
  globalThis.location = new URL(url);
  globalThis.document = { cookie };
  t.after(() => {
    delete globalThis.location;
    delete globalThis.document;
  });
}

/** A client with `options` in the page that `node` shows, and what its GET /status was sent. */
async function statusFrom(t, node, cookie, options = {}) {
  show(t, `http://${node.address}/`, cookie);
  const client = new Client({ task: false, ...options });
  t.after(() => client.close());
  await client.init();
  await client.get('/status');
  return node.asked('GET', '/status').at(-1).headers.authorization;
}

const basic = (text) => `Basic ${base64(text)}`;

test('client: page: its own address is the default, without credentials', async (t) => {
  const node = await startNode(t, { 'GET /status': {} });
  assert.equal(await statusFrom(t, node), undefined);
});

test('client: page: TLS and port follow the page', async (t) => {
  const rows = [
    ['http://localhost/', 'http://localhost:80'],
    ['https://localhost/', 'https://localhost:443'],
    ['https://localhost:4000/app?x#y', 'https://localhost:4000'],
    ['http://[::1]:4000/', 'http://[::1]:4000'],
  ];
  let asked;
  t.mock.method(globalThis, 'fetch', async (to) => {
    asked = to;
    return new Response('{"version":"spreadable-0.3","address":"localhost:1"}');
  });
  for (const [url, origin] of rows) {
    show(t, url);
    const client = new Client({ task: false });
    await client.init();
    client.close();
    assert.equal(asked, `${origin}/ping`);
  }
});

test('client: page: a page without host needs an address', (t) => {
  globalThis.location = new URL('file:///tmp/page.html');
  t.after(() => delete globalThis.location);
  assert.throws(() => new Client(), /option "address": expected/);
});

test('client: page: an authority of its own is refused', (t) => {
  show(t, 'https://localhost:4000/');
  assert.throws(() => new Client({ https: { ca: 'PEM' } }), {
    name: 'TypeError',
    message: 'option "https.ca": a browser believes its own list only',
  });
});

test('client: cookie: its credentials become authorization', async (t) => {
  const node = await startNode(t, { 'GET /status': {} });
  const auth = { username: 'user', password: 'pa:ss-ü' };
  const plain = cookieOf(node.address, auth);
  const quoted = plain.replace(/=(.*)$/, '="$1"');
  for (const cookie of [
    plain,
    quoted,
    `a=1; ${plain}; b=2`,
    `xspreadableNetworkAuth[${node.address}]=x; ${plain}`,
  ]) {
    assert.equal(await statusFrom(t, node, cookie), basic('user:pa:ss-ü'), cookie);
  }
});

test('client: cookie: one that is not readable counts as none', async (t) => {
  const node = await startNode(t, { 'GET /status': {} });
  const auth = { username: 'user', password: 'pass' };
  const unusable = [
    cookieOf('localhost:1', auth),
    cookieOf(node.address, 'text'),
    cookieOf(node.address, 'null'),
    cookieOf(node.address, { username: 'user' }),
    cookieOf(node.address, { ...auth, more: 1 }),
    cookieOf(node.address, { username: 'a:b', password: '' }),
    `spreadableNetworkAuth[${node.address}]=%%%`,
    `spreadableNetworkAuth[${node.address}]=`,
    'spreadableNetworkAuth',
  ];
  for (const cookie of unusable) assert.equal(await statusFrom(t, node, cookie), undefined, cookie);
});

test('client: cookie: option auth outweighs it, null leaves it unread', async (t) => {
  const node = await startNode(t, { 'GET /status': {} });
  const cookie = cookieOf(node.address, { username: 'user', password: 'pass' });
  const auth = { username: 'other', password: 'word' };
  assert.equal(await statusFrom(t, node, cookie, { auth }), basic('other:word'));
  assert.equal(await statusFrom(t, node, cookie, { auth: null }), undefined);
});

test('client: cookie: outside pages there is none', async (t) => {
  const node = await startNode(t, { 'GET /status': {} });
  globalThis.document = { cookie: cookieOf(node.address, { username: 'user', password: 'pass' }) };
  t.after(() => delete globalThis.document);
  const client = new Client({ address: node.address, task: false });
  t.after(() => client.close());
  await client.get('/status', { address: node.address });
  assert.equal(node.requests.at(-1).headers.authorization, undefined);
});

test('client: features: announced to nodes, but not from a page of another origin', async (t) => {
  const node = await startNode(t, { 'POST /client/x': {} });
  const client = new Client({ address: node.address, task: false });
  t.after(() => client.close());
  const announced = async () => {
    await client.request('x', { address: node.address });
    return node.requests.at(-1).headers['spreadable-features'];
  };
  assert.equal(await announced(), 'coverage');
  show(t, `http://${node.address}/`);
  assert.equal(await announced(), 'coverage');
  for (const elsewhere of ['http://localhost:1/', 'file:///tmp/page.html']) {
    show(t, elsewhere);
    assert.equal(await announced(), undefined);
  }
});

test('client: page: without credentials moves only to nodes that let it in', async (t) => {
  const refuse = (_, response) => reply(response, 401, { message: 'Authentication is required' });
  const closed = await startNode(t, { 'GET /status': refuse });
  const open = await startNode(t, { 'GET /status': {} });
  const own = await startNode(t, {
    'POST /client/get-available-node': { address: closed.address },
  });
  show(t, `http://${own.address}/`);
  const client = makeClient(t);
  await client.init();
  await assert.rejects(() => client.changeWorker(), { status: 401, address: closed.address });
  assert.equal(client.worker, own.address);
  const knowing = makeClient(t, { auth: { username: 'user', password: 'pass' } });
  await knowing.init();
  assert.equal(await knowing.changeWorker(), closed.address);
  own.routes['POST /client/get-available-node'] = { address: open.address };
  assert.equal(await client.changeWorker(), open.address);
});

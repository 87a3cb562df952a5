// The client that nodes serve, in pages that nodes serve.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { openPage, startBrowser, withClient } from './chromium.js';
import { deadAddress, silentAddress, startNetwork } from './network.js';

const addresses = await startNetwork({ after });
const [address, other] = addresses;

test('browser: file: every node serves the client as it stands in the repository', async () => {
  const source = await readFile(new URL('../../web/client/client.js', import.meta.url), 'utf8');
  for (const one of addresses) {
    const answer = await fetch(`http://${one}/client.js`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^(text|application)\/javascript\b/);
    assert.ok((await answer.text()) === source, `${one} serves another file`);
  }
});

/** What the browser asks of nodes, preflights included. */
async function watchRequests(page) {
  const session = await page.context().newCDPSession(page);
  const seen = [];
  session.on('Network.requestWillBeSent', ({ request, type }) =>
    seen.push({ method: request.method, url: request.url, type }),
  );
  await session.send('Network.enable');
  return seen;
}

test('browser: client: a page of a node calls its own node without naming it', async (t) => {
  const page = await openPage(await startBrowser(t), address);
  const seen = await watchRequests(page);
  const result = await withClient(page, async ({ Client }) => {
    const client = new Client();
    await client.init();
    const status = await client.get('/status');
    const map = await client.traverse('network-map');
    client.close();
    return { worker: client.worker, status, map };
  });
  assert.equal(result.worker, address);
  assert.equal(result.status.networkSize, 5);
  assert.equal(result.status.root, address);
  assert.equal(result.map.nodesAnswered, 5);
  assert.equal(result.map.complete, true);
  assert.deepEqual(
    seen.filter(({ method }) => method === 'OPTIONS'),
    [],
  );
});

test('browser: client: calls nodes of other origins, after a preflight', async (t) => {
  const page = await openPage(await startBrowser(t), address);
  const seen = await watchRequests(page);
  const result = await withClient(
    page,
    async ({ Client }, other) => {
      const client = new Client({ address: other });
      await client.init();
      const map = await client.traverse('network-map');
      client.close();
      return { worker: client.worker, map };
    },
    other,
  );
  assert.equal(result.worker, other);
  assert.equal(result.map.nodesAnswered, 5);
  const asked = seen.filter(({ url }) => url.startsWith(`http://${other}/`));
  for (const path of ['/ping', '/client/network-map']) {
    const methods = asked
      .filter(({ url }) => url.endsWith(path))
      .map(({ method }) => method)
      .sort();
    assert.deepEqual(methods, path === '/ping' ? ['GET', 'OPTIONS'] : ['OPTIONS', 'POST'], path);
  }
});

test('browser: client: asks many nodes at once, and moves to other workers', async (t) => {
  const page = await openPage(await startBrowser(t), address);
  const result = await withClient(
    page,
    async ({ Client }, addresses) => {
      const client = new Client({ task: { workerChangeInterval: '20ms' } });
      await client.init();
      const first = client.worker;
      const end = Date.now() + 30_000;
      while (client.worker === first && Date.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 5));
      const moved = client.worker; // it goes on moving
      const group = await client.requestGroup(addresses, 'network-map', { timeout: '5s' });
      client.close();
      return { moved, group };
    },
    addresses,
  );
  assert.ok(addresses.slice(1).includes(result.moved), result.moved);
  assert.deepEqual(
    result.group.map(({ address }) => address),
    addresses,
  );
  for (const { value } of result.group) assert.equal(value.nodesAnswered, 5);
});

test('browser: client: errors carry their codes', async (t) => {
  const page = await openPage(await startBrowser(t), address);
  const fail = (endpoint, options) =>
    withClient(
      page,
      async ({ Client }, [endpoint, options]) => {
        const client = new Client();
        await client.init();
        return client.request(endpoint, options).finally(() => client.close());
      },
      [endpoint, options],
    );
  for (const to of [address, other]) {
    const missing = await fail('no-such-action', { address: to });
    assert.deepEqual(missing.error, {
      name: 'ClientError',
      code: undefined,
      status: 404,
      address: to,
      message: 'Not found route "/client/no-such-action"',
    });
    const unknown = await fail('request-approval-key', {
      address: to,
      body: { action: 'nothing' },
    });
    assert.deepEqual(
      [unknown.error.code, unknown.error.status],
      ['ERR_SPREADABLE_INVALID_APPROVAL_ACTION', 422],
    );
  }
  const gone = await fail('network-map', { address: await deadAddress() });
  assert.equal(gone.error.code, 'ERR_SPREADABLE_UNREACHABLE');
  const late = await fail('network-map', { timeout: '50ms', address: await silentAddress(t) });
  assert.equal(late.error.code, 'ERR_SPREADABLE_REQUEST_TIMEDOUT');
});

test('browser: client: without a node that answers, init tells who was tried', async (t) => {
  const dead = await deadAddress();
  const page = await openPage(await startBrowser(t), address);
  const { error } = await withClient(
    page,
    ({ Client }, dead) => new Client({ address: dead }).init(),
    dead,
  );
  assert.equal(error.code, 'ERR_SPREADABLE_UNREACHABLE');
  assert.ok(error.message.includes(dead), error.message);
});

test('browser: client: an authority of its own is refused', async (t) => {
  const page = await openPage(await startBrowser(t), address);
  const { error } = await withClient(page, ({ Client }) => {
    new Client({ https: { ca: 'PEM' } });
  });
  assert.equal(error.name, 'TypeError');
});

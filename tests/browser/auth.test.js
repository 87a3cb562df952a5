// Closed networks: a login on a node's page is enough for the scripts of that page.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPage, startBrowser, withClient } from './chromium.js';
import { loadUpstreamClient } from './upstream.js';
import { startNetwork } from './network.js';

const credentials = { username: 'user', password: 'pa:ss' };
// Two networks: in the first a login leaves the credentials in a cookie that scripts can read, in the
// second a token that they cannot.
const [address, other] = await startNetwork(
  { after },
  { network: { auth: credentials, credentialsCookie: true } },
);
const [closed, closedOther] = await startNetwork({ after }, { network: { auth: credentials } });

/** A page of the node at `to`, opened by a user who typed the credentials there. */
async function openLoggedIn(t, to = address) {
  const origin = `http://${to}`; // the browser itself tells them to no other
  return openPage(await startBrowser(t, { httpCredentials: { ...credentials, origin } }), to);
}

test('browser: auth: without a login the page is refused', async (t) => {
  const page = await (await startBrowser(t)).newPage();
  const answer = await page.goto(`http://${address}/`).catch((error) => error);
  // Chromium without a window gives up at the question for a password, or shows the refusal.
  if (answer instanceof Error) assert.match(answer.message, /ERR_INVALID_AUTH_CREDENTIALS/);
  else assert.equal(answer.status(), 401);
});

test('browser: auth: a readable cookie is enough to call the whole network', async (t) => {
  const page = await openLoggedIn(t);
  const cookies = await page.evaluate(() => document.cookie);
  const value = Buffer.from(JSON.stringify(credentials)).toString('base64');
  assert.equal(cookies, `spreadableNetworkAuth[${address}]=${value}`);
  const results = await withClient(
    page,
    async ({ Client }, addresses) => {
      const client = new Client();
      await client.init();
      const group = await client.requestGroup(addresses, 'network-map');
      client.close();
      return group;
    },
    [address, other],
  );
  for (const { value, error } of results)
    assert.equal(value?.nodesAnswered, 5, JSON.stringify(error));
});

test('browser: auth: credentials that are wrong, or none, are refused with status 401', async (t) => {
  const page = await openLoggedIn(t);
  const wrong = { username: 'user', password: 'pass' };
  for (const auth of [wrong, null]) {
    const { error } = await withClient(
      page,
      async ({ Client }, [address, auth]) => {
        const client = new Client({ address, auth });
        await client.init(); // pings are free
        return client.request('network-map').finally(() => client.close());
      },
      [other, auth],
    );
    assert.deepEqual(error, {
      name: 'ClientError',
      message: 'Authentication is required',
      code: undefined,
      status: 401,
      address: other,
    });
  }
});

test('browser: auth: a token opens the own node to scripts that cannot read it', async (t) => {
  const page = await openLoggedIn(t, closed);
  assert.equal(await page.evaluate(() => document.cookie), '');
  const result = await withClient(
    page,
    async ({ Client }, closedOther) => {
      const statusOf = (call) =>
        call.then(
          () => 200,
          ({ status }) => status,
        );
      const client = new Client();
      await client.init();
      const own = await client.traverse('network-map');
      const far = await statusOf(client.request('network-map', { address: closedOther }));
      for (let i = 0; i < 8; ++i) await client.changeWorker().catch(() => {}); // to nodes that refuse
      const still = await statusOf(client.request('network-map'));
      client.close();
      return { size: own.nodesAnswered, far, worker: client.worker, still };
    },
    closedOther,
  );
  assert.deepEqual(result, { size: 5, far: 401, worker: closed, still: 200 });
});

test('browser: auth: either cookie alone opens the pages of its node', async (t) => {
  for (const to of [address, closed]) {
    const page = await openLoggedIn(t, to);
    const cookies = await page.context().cookies();
    const fresh = await startBrowser(t);
    await fresh.addCookies(cookies);
    const second = await openPage(fresh, to, '/status');
    assert.equal(JSON.parse(await second.locator('body').innerText()).networkSize, 5);
  }
});

test('browser: auth: the published client reads the cookie too', async (t) => {
  const page = await openLoggedIn(t);
  await loadUpstreamClient(page);
  const result = await page.evaluate(async (other) => {
    const client = new window.ClientSpreadable({ logger: false, task: false });
    await client.init();
    const own = await client.request('network-map');
    const far = await client.request('network-map', { address: other });
    return { worker: client.workerAddress, sizes: [own.nodesAnswered, far.nodesAnswered] };
  }, other);
  assert.deepEqual(result, { worker: address, sizes: [5, 5] });
});

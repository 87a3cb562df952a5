// The published client of the Node.js package, in pages that nodes of ours serve.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPage, startBrowser } from './chromium.js';
import { deadAddress, startNetwork } from './network.js';
import { loadUpstreamClient } from './upstream.js';

const addresses = await startNetwork({ after });
const [address, other] = addresses;

/** A page with a client that is ready, as `window.client`. */
async function openClient(t, options = {}) {
  const page = await openPage(await startBrowser(t), address);
  await loadUpstreamClient(page);
  await page.evaluate(async (options) => {
    window.client = new window.ClientSpreadable({ logger: false, task: false, ...options });
    await window.client.init();
  }, options);
  return page;
}

test("browser: published client: finds the page's node, or another of a list", async (t) => {
  const page = await openClient(t);
  assert.equal(await page.evaluate(() => window.client.workerAddress), address);
  const listed = await openClient(t, { address: [await deadAddress(), other] });
  assert.equal(await listed.evaluate(() => window.client.workerAddress), other);
});

test('browser: published client: changes its worker', async (t) => {
  const page = await openClient(t);
  const worker = await page.evaluate(async () => {
    const { client } = window;
    const end = Date.now() + 30_000;
    const first = client.workerAddress;
    while (client.workerAddress === first && Date.now() < end) await client.changeWorker();
    return client.workerAddress;
  });
  assert.ok(addresses.slice(1).includes(worker), worker);
});

test('browser: published client: asks many nodes at once', async (t) => {
  const page = await openClient(t);
  const sizes = await page.evaluate(async (addresses) => {
    const targets = addresses.map((address) => ({ address }));
    const results = await window.client.requestGroup(targets, 'network-map', {
      includeErrors: true,
    });
    return results.map((one) => one.nodesAnswered ?? one.message);
  }, addresses);
  assert.deepEqual(sizes, [5, 5, 5, 5, 5]);
});

test('browser: published client: is told errors with their codes', async (t) => {
  const page = await openClient(t);
  const error = await page.evaluate(() =>
    window.client
      .getApprovalQuestion('nothing')
      .catch(({ code, message, response }) => ({ code, message, status: response.status })),
  );
  assert.equal(error.code, 'ERR_SPREADABLE_INVALID_APPROVAL_ACTION');
  assert.equal(error.status, 422);
});

// The package's client and both of ours, each with five nodes of the package, with five of ours, and with five of both.
import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';

import { kClients } from './clients.js';
import { freePort, inOnePeriod, Network, until } from './harness.js';

const kNodes = 5;
const kAuth = { username: 'user', password: 'pa:ss' };
const kCode = (name) => ({ code: `ERR_SPREADABLE_${name}` });

/** A client that is closed with the test `t`. */
async function open(t, name, options) {
  const client = new kClients[name]();
  t.after(() => client.close());
  await client.init(options);
  return client;
}

async function start(t, kinds, options) {
  const network = await new Network(t, { syncInterval: 1_000, ...options }).start(kinds);
  await network.agreed({ within: 90_000 });
  return network;
}

const addressesOf = (network) => network.peers.map((peer) => peer.address);

/** Waits until `ask` gets the addresses of all nodes: one may be changing lists just then. */
async function answersInFull(ask, all) {
  await until(`all of ${all} answer`, async () => {
    const answers = await ask();
    return answers.every(({ value }) => value.sort().join() === all.join());
  });
}

async function checkInit(t, name, network) {
  const dead = `localhost:${await freePort()}`;
  const [first] = addressesOf(network);
  const client = await open(t, name, { address: [dead, first] });
  assert.equal(await client.worker(), first);
  await assert.rejects(open(t, name, { address: [dead] }));
}

async function checkWorkerChange(t, name, network) {
  const [first] = addressesOf(network);
  const client = await open(t, name, { address: [first] });
  // The node that is named is drawn by lot.
  await until('the worker changes', async () => {
    await client.changeWorker();
    return (await client.worker()) !== first;
  });
  const worker = await client.worker();
  assert.ok(addressesOf(network).includes(worker), worker);
  assert.match((await client.request('get-available-node')).address, /^localhost:[0-9]+$/);
}

async function checkGroup(t, name, network) {
  const all = addressesOf(network).sort();
  const dead = `localhost:${await freePort()}`;
  const client = await open(t, name, { address: [all[0]] });
  await answersInFull(async () => {
    const results = await client.requestGroup([...all, dead], 'echo-address');
    assert.equal(results.length, kNodes + 1);
    assert.ok(results[kNodes].error);
    return results.slice(0, kNodes).map(({ value }) => value);
  }, all);
}

async function checkErrors(t, name, network) {
  const client = await open(t, name, { address: [addressesOf(network)[0]] });
  await assert.rejects(client.request('no-such-route'), /Not found route|404/);
  await assert.rejects(client.request('guarded'), kCode('APPROVAL_INFO_REQUIRED'));
  await assert.rejects(client.getApprovalQuestion('nothing'), kCode('INVALID_APPROVAL_ACTION'));
  const silent = net.createServer(() => {});
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const address = `localhost:${silent.address().port}`;
  await assert.rejects(
    client.request('echo-address', { address, timeout: 300 }),
    kCode('REQUEST_TIMEDOUT'),
  );
}

/** The whole vote. Each client has a coordinator of its own, as the key of a vote depends on it. */
async function checkApproval(t, name, network) {
  const all = addressesOf(network);
  const worker = all[Object.keys(kClients).indexOf(name)];
  const other = all.find((address) => address !== worker);
  const client = await open(t, name, { address: [worker] });

  const { question, ...info } = await client.getApprovalQuestion('client');
  assert.equal(question, '127.0.0.1');
  assert.ok(
    info.approvers.length >= 2 && info.approvers.every((address) => all.includes(address)),
    info.approvers,
  );

  const wrong = { ...info, answer: '127.0.0.9' };
  await assert.rejects(
    client.request('guarded', { address: other, approvalInfo: wrong }),
    kCode('WRONG_APPROVAL_ANSWER'),
  );
  const few = { ...info, answer: question, approvers: info.approvers.slice(0, 1) };
  await assert.rejects(
    client.request('guarded', { approvalInfo: few }),
    kCode('NOT_ENOUGH_APPROVER_DECISIONS'),
  );
  // An answer opens the route once, and each newly asked question does so once more.
  for (let round = 0; round < 2; ++round) {
    const { question: answer, ...next } = await client.getApprovalQuestion('client');
    const approvalInfo = { ...next, answer };
    const passed = await client.request('guarded', { approvalInfo: { ...approvalInfo } });
    assert.deepEqual(passed, { address: worker, action: 'client' });
    await assert.rejects(
      client.request('guarded', { approvalInfo: { ...approvalInfo } }),
      kCode('WRONG_APPROVAL_ANSWER'),
    );
  }
}

async function checkAuth(t, name, network) {
  const [first] = addressesOf(network);
  const right = await open(t, name, { address: [first], auth: kAuth });
  const all = addressesOf(network).sort();
  await answersInFull(async () => [await right.request('echo-address')], all);
  const wrong = await open(t, name, { address: [first], auth: { ...kAuth, password: 'x' } });
  await assert.rejects(wrong.request('echo-address'), /Authentication is required|unauthorized/);
  const without = await open(t, name, { address: [first] });
  await assert.rejects(without.request('echo-address'), /Authentication is required|unauthorized/);
}

const kOpenChecks = {
  'finds a node': checkInit,
  'changes its worker': checkWorkerChange,
  'asks a group': checkGroup,
  'is told what is wrong': checkErrors,
  'wins a vote': (...vote) => inOnePeriod(() => checkApproval(...vote)),
};

describe('votes of tests', () => {
  const kPeriod = 5 * 60_000;
  for (const { what, times, fails, begun } of [
    { what: 'passes at once', times: [0, kPeriod], fails: 0, begun: 1 },
    { what: 'fails within a period', times: [0, kPeriod - 1], fails: 1, begun: 1 },
    { what: 'fails as a period begins', times: [kPeriod - 1, kPeriod], fails: 1, begun: 2 },
    { what: 'fails again after that', times: [kPeriod - 1, kPeriod], fails: 2, begun: 2 },
  ]) {
    test(`interop: clients: a check that ${what} is begun ${begun} times`, async () => {
      let count = 0;
      const check = async () => {
        if (++count <= fails) throw new Error(`check ${count}`);
        return count;
      };
      const done = inOnePeriod(check, () => times.shift());
      if (fails >= begun) await assert.rejects(done, { message: `check ${begun}` });
      else assert.equal(await done, begun);
      assert.equal(count, begun);
    });
  }
});

const kClientIp = { type: 'client-ip' };
// Where nodes of the package take part, all choose and count as they do.
const kLegacy = { ...kClientIp, committee: 'legacy', replay: 'per-node' };
const kNetworks = {
  ours: [Array(kNodes).fill('ours'), kClientIp],
  upstream: [Array(kNodes).fill('upstream'), kClientIp],
  'of both kinds': [['upstream', 'ours', 'upstream', 'ours', 'upstream'], kLegacy],
};

for (const [kind, [kinds, client]] of Object.entries(kNetworks)) {
  describe(`clients of nodes: ${kind}`, () => {
    test(`interop: clients: with nodes ${kind}`, { timeout: 5 * 60_000 }, async (t) => {
      const network = await start(t, kinds, { approval: { client } });
      for (const name of Object.keys(kClients)) {
        for (const [what, check] of Object.entries(kOpenChecks)) {
          await t.test(`interop: clients: ${name} client, nodes ${kind}: ${what}`, (s) =>
            check(s, name, network),
          );
        }
      }
    });

    test(
      `interop: clients: with nodes ${kind} in a closed network`,
      { timeout: 5 * 60_000 },
      async (t) => {
        // Nodes of the package cannot prove that they know the password.
        const credentialsToAll = new Set(kinds).size > 1;
        const network = await start(t, kinds, { network: { auth: kAuth, credentialsToAll } });
        for (const name of Object.keys(kClients)) {
          await t.test(`interop: clients: ${name} client, nodes ${kind}: shows its password`, (s) =>
            checkAuth(s, name, network),
          );
        }
      },
    );
  });
}

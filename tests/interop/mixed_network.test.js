// Nodes of the Node.js package and of ours as one network.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Network, sleep } from './harness.js';

const kInterval = 1_000;
const kIntervalsToForm = 30;
const kIntervalsToHold = 100;
const kSuspicionMax = 3;
const kRounds = 5; // in each, a node of either kind leaves and comes back
const kChurnLimit = 60_000;

/** Fails unless a traversal that begins at any node of either kind has an answer of every node, once. */
async function checkTraversals(network) {
  const all = network.peers.map((peer) => peer.address).sort();
  for (const peer of network.peers) {
    const { value } = await peer.client('echo-address');
    assert.deepEqual(
      value.sort(),
      all,
      `a traversal that begins at ${peer.kind} node ${peer.address}`,
    );
  }
}

/** Looks twice an interval, for `intervals`, at what every node says of the network's size. */
async function checkHolds(network, intervals) {
  const begin = Date.now();
  const changes = [];
  while (Date.now() - begin < intervals * kInterval) {
    const sizes = await network.sizes();
    const odd = network.peers.filter((_, i) => sizes[i] !== network.peers.length);
    if (odd.length) {
      changes.push(
        `after ${Date.now() - begin} ms: ${odd.map(({ kind, address }) => `${kind} ${address}`)}: ${sizes}`,
      );
    }
    await sleep(kInterval / 2);
  }
  assert.deepEqual(changes, [], 'the size changed while nobody came or went');
}

/** Fails when a node refuses what another one of the network asks, as it would after a ban. */
async function checkNoRefusals(network) {
  for (const asked of network.peers) {
    const others = network.peers.filter((peer) => peer !== asked);
    await Promise.all(others.map((peer) => asked.structure(network.root, peer.address)));
  }
}

/** Fails when a node has banned anybody: ours tell it as it happens, those of the package have saved it. */
function checkNoBans(network) {
  for (const peer of network.peers) {
    const told = peer.program.events.filter(({ event }) => event === 'ban');
    const bans = peer.isOurs ? told : peer.stored().banlist;
    assert.deepEqual(bans, [], `bans of ${peer.kind} node ${peer.address}`);
  }
}

/** What upstream's nodes hold against nodes of ours: what they told as it happened, and what they saved. */
function checkConduct(network) {
  const ours = new Set(network.ours.map((peer) => peer.address));
  for (const peer of network.upstream) {
    const { behaviorFails } = peer.stored();
    const told = peer.program.events.filter(({ event }) => event === 'fail');
    const saved = behaviorFails.map(({ address, action, suspicion }) => ({
      of: address,
      behaviour: action,
      suspicion,
    }));
    const grave = [...told, ...saved].filter(
      ({ of, suspicion }) => ours.has(of) && suspicion > kSuspicionMax,
    );
    assert.deepEqual(grave, [], `suspicions of ${peer.address}`);
  }
}

let lastForming = Promise.resolve();

/**
 * A network of `count` nodes of alternating kinds, once all agree. The tests run side by side, but networks form one
 * after the other: programs that all start at once would measure the machine.
 */
async function formed(t, [root, other], count) {
  const network = new Network(t, { syncInterval: kInterval });
  const kinds = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? root : other));
  const forming = lastForming.then(async () => {
    await network.start(kinds);
    const took = await network.agreed({ within: kIntervalsToForm * kInterval });
    t.diagnostic(`agreed ${took} ms after the last was started`);
  });
  lastForming = forming.catch(() => {}); // the others go on
  await forming;
  return network;
}

async function formAndHold(t, kinds) {
  const network = await formed(t, kinds, 10);
  await checkTraversals(network);
  await checkHolds(network, kIntervalsToHold);
  await checkTraversals(network);
  await checkNoRefusals(network);
  await network.stop();
  checkNoBans(network);
  checkConduct(network);
}

/** Ends and starts `leaver`; each time the nodes that run agree on how many they are. */
async function leaveAndComeBack(t, network, leaver) {
  await leaver.stop();
  const peers = network.peers.filter((peer) => peer !== leaver);
  const left = await network.agreed({ within: kChurnLimit, peers });
  await leaver.start();
  const back = await network.agreed({ within: kChurnLimit });
  const name = `${leaver.kind} ${leaver.address}`;
  t.diagnostic(`${name}: agreed without it after ${left} ms, with it after ${back} ms`);
}

/** All but the root leave and come back, in turn one of the package and one of ours. */
async function churn(t, kinds) {
  const network = await formed(t, kinds, 6);
  const [, ...leavers] = network.peers;
  for (let round = 0; round < kRounds; ++round) {
    for (const isOurs of [false, true]) {
      const candidates = leavers.filter((peer) => peer.isOurs === isOurs);
      await leaveAndComeBack(t, network, candidates[round % candidates.length]);
    }
  }
  await checkTraversals(network);
  await checkNoRefusals(network);
  await network.stop();
  checkNoBans(network);
}

describe('mixed network', { concurrency: true }, () => {
  for (const kinds of [
    ['upstream', 'ours'],
    ['ours', 'upstream'],
  ]) {
    const start = `interop: mixed network: root ${kinds[0]}`;
    const timeout = 10 * 60_000;
    test(`${start}: five and five agree, stay and trust each other`, { timeout }, (t) =>
      formAndHold(t, kinds),
    );
    test(`${start}: nodes leave and come back, and all agree each time`, { timeout }, (t) =>
      churn(t, kinds),
    );
  }
});

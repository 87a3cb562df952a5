// The same bytes to a node of the package and to one of ours: both answer alike, row by row of exchanges.js, but
// for the differences that docs/compatibility.md names.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { differenceOf, differencesTable, kDifferences } from './exchanges/differences.js';
import { digest } from './exchanges/digest.js';
import { kAuth } from './exchanges/closed.js';
import { startFakeNodes } from './exchanges/membership.js';
import { exchange, requestBytes } from './exchanges/raw.js';
import { kClosed, kOpen } from './exchanges.js';
import { Network } from './harness.js';

const kOwnKey = 'f'.repeat(32);
const kDocument = new URL('../../docs/compatibility.md', import.meta.url);

/** A node to send to, with what rows need to know of it. */
function sideOf(network, more) {
  const [peer] = network.peers;
  return {
    port: peer.options.port,
    address: peer.address,
    root: network.root,
    ownKey: kOwnKey,
    ...more,
  };
}

/** A vote that has begun, with a ballot at each approver. */
async function beginVote(network) {
  const [peer] = network.peers;
  const vote = await peer.client('request-approval-key', { action: 'client' });
  for (const approver of network.peers.filter(({ address }) => vote.approvers.includes(address))) {
    await approver.client('add-approval-info', {
      action: 'client',
      key: vote.key,
      startedAt: vote.startedAt,
    });
  }
  return vote;
}

async function answerOf(row, side) {
  const request = row.make(side);
  const bytes = request.raw ?? requestBytes(request);
  return digest(await exchange(side.port, bytes, row.isHead), side.address);
}

/** Sends each row to both; gives what is wrong with which: an unnamed difference, or a named one that is none. */
async function compare(rows, upstream, ours) {
  const faults = [];
  for (const row of rows) {
    const [expected, got] = await Promise.all([answerOf(row, upstream), answerOf(row, ours)]);
    const isEqual = JSON.stringify(expected) === JSON.stringify(got);
    const difference = differenceOf(row.name);
    if (!isEqual && !difference) faults.push({ row: row.name, upstream: expected, ours: got });
    if (isEqual && difference)
      faults.push({ row: row.name, equal: `yet named under "${difference.name}"` });
    if (!isEqual && difference && got.status !== difference.ours)
      faults.push({ row: row.name, ours: got, expected: difference.ours });
  }
  return faults;
}

/** A network of the package's nodes and one of nodes of `kind`, each of `count`. */
async function pair(t, options, kind, count) {
  const make = (one) => new Network(t, options).start(Array(count).fill(one));
  const networks = await Promise.all([make('upstream'), make(kind)]);
  await Promise.all(networks.map((network) => network.agreed({ within: 60_000 })));
  return networks;
}

describe('exchanges', () => {
  test(
    'interop: exchanges: nodes of an open network answer alike',
    { timeout: 5 * 60_000 },
    async (t) => {
      const fakes = await startFakeNodes(t);
      const options = {
        syncInterval: 2_000,
        approval: { client: { type: 'client-ip', committee: 'legacy', replay: 'per-node' } },
        server: { proxies: ['127.0.0.1'] },
      };
      const [upstream, ours] = await pair(t, options, 'ours', 2);
      const sides = await Promise.all(
        [upstream, ours].map(async (network) =>
          sideOf(network, { fakes, ...(await beginVote(network)) }),
        ),
      );
      assert.deepEqual(await compare(kOpen, ...sides), []);
    },
  );

  test(
    'interop: exchanges: nodes of a closed network answer alike',
    { timeout: 5 * 60_000 },
    async (t) => {
      // A long interval, within which failed logins ban nobody.
      const [upstream, ours] = await pair(
        t,
        { syncInterval: 16_000, network: { auth: kAuth, credentialsCookie: true } },
        'cli',
        1,
      );
      assert.deepEqual(await compare(kClosed, sideOf(upstream), sideOf(ours)), []);
    },
  );

  test('interop: exchanges: the table is large, and each row has a name of its own', () => {
    const names = [...kOpen, ...kClosed].map((row) => row.name);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.length >= 300, `${names.length} rows`);
  });

  test('interop: exchanges: each named difference is one of rows that exist', () => {
    const names = [...kOpen, ...kClosed].map((row) => row.name);
    const named = kDifferences.flatMap(({ rows }) => rows);
    assert.deepEqual(
      named.filter((name) => !names.includes(name)),
      [],
    );
    assert.equal(new Set(named).size, named.length, 'a row stands in one difference');
  });

  test('interop: exchanges: docs/compatibility.md shows the same differences', () => {
    const document = readFileSync(kDocument, 'utf8');
    assert.ok(document.includes(differencesTable()), `its table is not:\n${differencesTable()}`);
  });
});

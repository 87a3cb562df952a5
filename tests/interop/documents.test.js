// Nodes of the Node.js package metastocle and of ours as one network of documents.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'metastocle';

import { Network, sleep } from './harness.js';

const kInterval = 1_000;
const kDocuments = 1_000;
const kAtATime = 8;
const kCopies = 4; // of 10 nodes
const kSuspicionMax = 3;

async function start(t, kinds) {
  const network = new Network(t, {
    syncInterval: kInterval,
    network: { syncInterval: kInterval },
    collections: { test: { pk: 'id' }, free: {} },
    documents: { openPermissions: true },
  });
  await network.start(kinds);
  await network.agreed({ within: 90 * kInterval });
  await sleep(2 * kInterval);
  return network;
}

const mixed = (count) => [...Array(count)].map((_, i) => (i % 2 ? 'documents' : 'metastocle'));
const randomOf = (list) => list[Math.floor(Math.random() * list.length)];

/** Runs `work` for each of `items`, some at a time. */
async function each(items, work) {
  const queue = [...items];
  const workers = [...Array(kAtATime)].map(async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  });
  await Promise.all(workers);
}

const get = (peer, actions = {}, collection = 'test') =>
  peer.client('get-documents', { collection, actions });

/** Fails when a node holds something grave against another one. */
function checkNoBans(network) {
  for (const peer of network.peers) {
    const told = peer.program.events.filter(({ event }) => event === 'ban');
    assert.deepEqual(told, [], `bans of ${peer.kind} node ${peer.address}`);
    const grave = peer.program.events.filter(
      ({ event, suspicion }) => event === 'fail' && suspicion > kSuspicionMax,
    );
    assert.deepEqual(grave, [], `suspicions of ${peer.address}`);
    if (!peer.isOurs) assert.deepEqual(peer.stored().banlist, [], `bans of ${peer.address}`);
  }
}

test('documents: mixed: 1,000 documents through nodes of both kinds are found through all', async (t) => {
  const network = await start(t, mixed(10));
  const ids = [...Array(kDocuments)].map((_, i) => `d${i}`);
  await each(ids, async (id) => {
    const document = { id, n: Number(id.slice(1)), even: Number(id.slice(1)) % 2 === 0 };
    const answer = await randomOf(network.peers).client('add-document', {
      collection: 'test',
      document,
    });
    assert.deepEqual(answer, { document });
  });
  await sleep(3_000); // for the last copies
  for (const peer of network.peers) {
    const { documents, totalCount } = await get(peer);
    assert.equal(totalCount, kDocuments, `${peer.kind} ${peer.address}`);
    assert.equal(new Set(documents.map(({ id }) => id)).size, kDocuments);
    const page = await get(peer, { sort: [['n', 'desc']], limit: 3, offset: 1, fields: ['n'] });
    assert.deepEqual(page, {
      documents: [{ n: kDocuments - 4 }, { n: kDocuments - 5 }, { n: kDocuments - 6 }],
      totalCount: kDocuments,
    });
    const { count } = await peer.client('get-documents-count', {
      collection: 'test',
      actions: { filter: { even: true } },
    });
    assert.equal(count, kDocuments / 2);
    const id = randomOf(ids);
    const found = await peer.client('get-document-by-pk', { collection: 'test', pkValue: id });
    assert.equal(found.document.id, id);
  }

  for (const kind of ['metastocle', 'documents']) {
    const peer = randomOf(network.peers.filter((one) => one.kind === kind));
    const filter = { n: { $lt: 10 } };
    const { updated } = await peer.client('update-documents', {
      collection: 'test',
      document: { by: kind },
      actions: { filter },
    });
    assert.ok(updated >= 10 * 2 && updated <= 10 * (kCopies + 1), `${updated} updated`);
    for (const other of network.peers) {
      const { totalCount } = await get(other, { filter: { by: kind } });
      assert.equal(totalCount, 10, `updates by ${kind} at ${other.kind} ${other.address}`);
    }
    const id = kind === 'metastocle' ? 'd500' : 'd501';
    await peer.client('delete-documents', { collection: 'test', actions: { filter: { id } } });
    for (const other of network.peers) {
      const gone = await other.client('get-document-by-pk', { collection: 'test', pkValue: id });
      assert.deepEqual(gone, { document: null }, `deletion by ${kind} at ${other.address}`);
    }
  }
  await network.stop();
  checkNoBans(network);
});

test('documents: clients: the library of the package works against a network of ours', async (t) => {
  const network = await start(t, Array(4).fill('documents'));
  const client = new Client({ address: network.peers[2].address, logger: false });
  await client.init();
  t.after(() => client.deinit());
  const document = { id: 'a', n: 1 };
  assert.deepEqual(await client.addDocument('test', document), document);
  await assert.rejects(client.addDocument('test', document), {
    code: 'ERR_METASTOCLE_DOCUMENT_EXISTS',
  });
  assert.deepEqual(
    await client.addDocument('test', { id: 'a', n: 2 }, { ignoreExistenceError: true }),
    document,
  );
  await client.addDocument('free', { text: 'Some Text' });
  const found = await client.getDocuments('free', { filter: { text: { $rx: /^some/i } } });
  assert.deepEqual(found, { documents: [{ text: 'Some Text' }], totalCount: 1 });
  assert.equal(await client.getDocumentsCount('test', { filter: { n: 1 } }), 1);
  assert.deepEqual(await client.getDocumentByPk('test', 'a'), document);
  assert.deepEqual(await client.updateDocuments('test', { m: [1, 2] }), { updated: 2 });
  assert.deepEqual(await client.updateDocuments('test', { id: 'a' }, { replace: true }), {
    updated: 2,
  });
  assert.deepEqual(await client.deleteDocuments('test', { filter: { id: 'a' } }), { deleted: 2 });
  assert.equal(await client.getDocumentByPk('test', 'a'), null);
  await assert.rejects(client.getDocuments('nope'), {
    code: 'ERR_METASTOCLE_NOT_FOUND_COLLECTION',
  });
});

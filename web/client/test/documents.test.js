import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocumentsClient } from '../documents.js';
import { reply, startNode } from './fake_node.js';

/** A node with these routes and a client of it, until test `t` ends. */
async function connect(t, routes) {
  const node = await startNode(t, routes);
  const client = new DocumentsClient({ address: node.address, task: false });
  t.after(() => client.close());
  await client.init();
  return { node, client };
}

test('documents: calls: body and answer of each method are those of the protocol', async (t) => {
  const document = { id: 'a', n: 1 };
  const { node, client } = await connect(t, {
    'POST /client/add-document': { document },
    'POST /client/get-documents': { documents: [document], totalCount: 5 },
    'POST /client/get-documents-count': { count: 5 },
    'POST /client/get-document-by-pk': { document: null },
    'POST /client/update-documents': { updated: 4 },
    'POST /client/delete-documents': { deleted: 2 },
  });
  const rows = [
    ['add-document', () => client.addDocument('c', document, { ownerToken: 'o' }), document,
      { collection: 'c', document, ownerToken: 'o' }],
    ['get-documents', () => client.getDocuments('c', { filter: { n: 1 }, limit: 2, timeout: 500 }),
      { documents: [document], totalCount: 5 },
      { collection: 'c', actions: { filter: { n: 1 }, limit: 2 } }],
    ['get-documents-count', () => client.getDocumentsCount('c'), 5,
      { collection: 'c', actions: {} }],
    ['get-document-by-pk', () => client.getDocumentByPk('c', 7), null,
      { collection: 'c', pkValue: 7 }],
    ['update-documents', () => client.updateDocuments('c', { n: 2 }, { replace: true }),
      { updated: 4 }, { collection: 'c', document: { n: 2 }, actions: { replace: true } }],
    ['delete-documents', () => client.deleteDocuments('c', { filter: {} }), { deleted: 2 },
      { collection: 'c', actions: { filter: {} } }],
  ];
  for (const [endpoint, call, answer, sent] of rows) {
    assert.deepEqual(await call(), answer, endpoint);
    const { timeout, timestamp, ...body } = node.lastBody(`/client/${endpoint}`);
    assert.deepEqual(body, sent, endpoint);
    assert.ok(timeout > 0 && timestamp > 0);
    const seen = node.asked('POST', `/client/${endpoint}`).at(-1);
    assert.equal(seen.headers['client-version'], 'metastocle-0.3');
  }
});

test('documents: values: dates and regular expressions go as nodes take them', async (t) => {
  const { node, client } = await connect(t, {
    'POST /client/get-documents': { documents: [], totalCount: 0 },
  });
  const filter = { at: { $gt: new Date(5) }, name: { $rx: /^a/i } };
  await client.getDocuments('c', { filter });
  assert.deepEqual(node.lastBody('/client/get-documents').actions.filter, {
    at: { $gt: 5 },
    name: { $rx: { source: '^a', flags: 'i' } },
  });
});

test('documents: errors: codes of nodes, answers of another form, unknown options', async (t) => {
  const { node, client } = await connect(t, { 'POST /client/get-documents': { documents: 5 } });
  node.routes['POST /client/add-document'] = (_, response) =>
    reply(response, 422, { message: 'exists', code: 'ERR_METASTOCLE_DOCUMENT_EXISTS' });
  await assert.rejects(client.addDocument('c', { a: 1 }), {
    code: 'ERR_METASTOCLE_DOCUMENT_EXISTS',
  });
  await assert.rejects(client.getDocuments('c'), { code: 'ERR_SPREADABLE_RESPONSE_SCHEMA' });
  await assert.rejects(client.getDocuments('c', { filtre: {} }), /unknown option "filtre"/);
});

// node.mjs PORT INITIAL_PORT SYNC_MILLIS STORAGE_FOLDER [DOCUMENTS_FILE NODES COPIES]: one node of the Node.js
// package metastocle, which holds one document in collection `nodes`, so that the documents of a network are as many
// as its nodes. Given a file of documents, one JSON object to a line, it holds its share of them in collection
// `notes`: a number of neighbouring nodes have a copy of each. Prints a JSON line once it serves. Ends on SIGTERM.
import { readFileSync } from 'node:fs';
import { Node } from 'metastocle';
import utils from 'spreadable/src/utils.js';

const [port, initialPort, syncInterval] = process.argv.slice(2, 5).map(Number);
const [storage, documentsFile] = process.argv.slice(5, 7);
const [nodes, copies] = process.argv.slice(7, 9).map(Number);

// Everything stays on this machine: nobody is asked for its outer address.
utils.ipLookupPoints = [];

const node = new Node({
  port,
  hostname: 'localhost',
  initialNetworkAddress: `localhost:${initialPort}`,
  logger: false,
  storage: { path: storage },
  network: { syncInterval },
  collections: { nodes: { pk: 'id' }, notes: { pk: 'id' }, added: { pk: 'id' } },
});
await node.init();
await node.db.addDocument('nodes', { id: `node-${port}` });
if (documentsFile) {
  const lines = readFileSync(documentsFile, 'utf8').trim().split('\n');
  for (const [number, line] of lines.entries()) {
    if ((port - initialPort + number) % nodes >= copies) continue;
    await node.db.addDocument('notes', { ...JSON.parse(line), $duplicate: `notes-${number}` });
  }
}
process.stdout.write(JSON.stringify({ event: 'serving', port, pids: [process.pid] }) + '\n');
process.on('SIGTERM', () => process.exit(0));

// node.mjs PORT INITIAL_PORT SYNC_MILLIS STORAGE_FOLDER: one node of the Node.js package metastocle, which
// holds one document, so that the documents of a network are as many as its nodes. Prints a JSON line once
// it serves. Ends on SIGTERM.
import { Node } from 'metastocle';
import utils from 'spreadable/src/utils.js';

const [port, initialPort, syncInterval] = process.argv.slice(2, 5).map(Number);

// Everything stays on this machine: nobody is asked for its outer address.
utils.ipLookupPoints = [];

const node = new Node({
  port,
  hostname: 'localhost',
  initialNetworkAddress: `localhost:${initialPort}`,
  logger: false,
  storage: { path: process.argv[5] },
  network: { syncInterval },
  collections: { nodes: { pk: 'id' } },
});
await node.init();
await node.db.addDocument('nodes', { id: `node-${port}` });
process.stdout.write(JSON.stringify({ event: 'serving', port, pids: [process.pid] }) + '\n');
process.on('SIGTERM', () => process.exit(0));

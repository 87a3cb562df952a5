// metastocle_node.js CONFIG_FILE: a node of the Node.js package `metastocle`, for the tests of mixed networks.
// Tells events as JSON lines. Ends on SIGTERM or when standard input is closed.
import { readFileSync } from 'node:fs';

import { Node } from 'metastocle';
import utils from 'spreadable/src/utils.js';

// The test machine is its own outside: nobody is asked for its address.
utils.getExternalIp = async () => '127.0.0.1';

function tell(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

/** Tells each fail that this node counts against another, while it counts it. */
function watchFails({ db }) {
  const add = db.addBehaviorFail.bind(db);
  db.addBehaviorFail = async (action, address, step) => {
    const record = await add(action, address, step);
    if (record) {
      const { suspicion } = record;
      tell({ event: 'fail', behaviour: action, of: address, suspicion });
    }
    return record;
  };
}

// What only nodes of ours know.
const { documents, ...options } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const node = new Node(options);
let isStopping = false;
async function stop() {
  if (isStopping) return;
  isStopping = true;
  const ending = setInterval(() => node.server?.server?.closeIdleConnections?.(), 50);
  await node.deinit();
  clearInterval(ending);
  tell({ event: 'stopped' });
  process.exit(0);
}
process.on('SIGTERM', stop);
process.stdin.on('end', stop).resume();
await node.init();
watchFails(node);
tell({ event: 'serving', address: node.address });

// upstream_node.js CONFIG_FILE: a node of the Node.js package `spreadable`, for the tests of mixed networks.
// Tells events as JSON lines, as interop_node.cpp does, and has the same action and route, declared the way
// that the package's own higher layers declare theirs. Ends on SIGTERM or when standard input is closed.
import { readFileSync } from 'node:fs';

import { Node } from 'spreadable';
import ClientApproval from 'spreadable/src/approval/transports/client/index.js';
import Captcha from 'spreadable/src/approval/transports/captcha/index.js';
import midds from 'spreadable/src/server/transports/express/midds.js';
import utils from 'spreadable/src/utils.js';

const kApprovals = { 'client-ip': ClientApproval(), captcha: Captcha() };

// The test machine is its own outside: nobody is asked for its address.
utils.getExternalIp = async () => '127.0.0.1';

function tell(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

/** An express handler out of a function from a request to its answer. */
function handler(answer) {
  return (node) => async (req, res, next) => {
    try {
      res.json(await answer(node, req));
    } catch (err) {
      next(err);
    }
  };
}

/** The addresses of one stage: what `merges::concatenate` makes of its replies. */
async function askNext(node, body) {
  const options = node.createRequestNetworkOptions(body, {
    responseSchema: { type: 'array', items: 'string' },
  });
  return (await node.requestNetwork('echo-address', options)).flat();
}

const kClientRoutes = [
  {
    name: 'echoAddress',
    method: 'post',
    url: '/echo-address',
    fn: [
      midds.requestQueueClient,
      handler(async (node, req) => ({ value: await askNext(node, req.body) })),
    ],
  },
  {
    name: 'guarded',
    method: 'post',
    url: '/guarded',
    fn: [
      midds.approval,
      handler(async (node, req) => ({ address: node.address, action: req.approvalInfo.action })),
    ],
  },
];
const kButlerRoutes = [
  {
    name: 'echoAddress',
    method: 'post',
    url: '/echo-address',
    fn: handler((node, req) => askNext(node, req.body)),
  },
];
const kSlaveRoutes = [
  {
    name: 'echoAddress',
    method: 'post',
    url: '/echo-address',
    fn: handler(async (node) => [node.address]),
  },
];

class InteropServer extends Node.ServerTransport {
  getClientRoutes() {
    return [...super.getClientRoutes(), ...kClientRoutes];
  }

  getApiButlerRoutes() {
    return [...super.getApiButlerRoutes(), ...kButlerRoutes];
  }

  getApiSlaveRoutes() {
    return [...super.getApiSlaveRoutes(), ...kSlaveRoutes];
  }
}

class InteropNode extends Node {
  static get codename() {
    return Node.codename;
  }
  static get ServerTransport() {
    return InteropServer;
  }

  async prepareServices() {
    await super.prepareServices();
    for (const [name, { type }] of Object.entries(this.options.approval ?? {})) {
      await this.addApproval(name, new kApprovals[type]());
    }
    this.watchFails();
  }

  async sync() {
    await super.sync();
    tell({ event: 'size', networkSize: await this.getNetworkSize() });
  }

  /** Tells each fail that this node counts against another, while it counts it. */
  watchFails() {
    const { db } = this;
    const add = db.addBehaviorFail.bind(db);
    db.addBehaviorFail = async (action, address, step) => {
      const record = await add(action, address, step);
      if (record)
        tell({ event: 'fail', behaviour: action, of: address, suspicion: record.suspicion });
      return record;
    };
  }
}

async function stop(node) {
  // Node.js 18 waits for connections that others keep open; later versions end them.
  const ending = setInterval(() => node.server?.server?.closeIdleConnections?.(), 50);
  await node.deinit();
  clearInterval(ending);
  tell({ event: 'stopped' });
  process.exit(0);
}

const node = new InteropNode(JSON.parse(readFileSync(process.argv[2], 'utf8')));
let isStopping = false;
const stopOnce = () => {
  if (isStopping) return;
  isStopping = true;
  stop(node);
};
process.on('SIGTERM', stopOnce);
process.stdin.on('end', stopOnce).resume();
await node.init();
tell({ event: 'serving', address: node.address });

// harness.js: starts and ends nodes of both kinds as processes, waits for what they tell, and asks them the
// way that other nodes do. Whatever it started is ended with the test that asked for it.
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const kFolder = path.dirname(fileURLToPath(import.meta.url));
const kPrograms = path.join(kFolder, '../../build/release/bin');
const kUpstreamNode = path.join(kFolder, 'upstream_node.js');
const kMetastocleNode = path.join(kFolder, 'metastocle_node.js');

/** Where a program of ours is: CTest tells, and by hand the release build is taken. */
export function program(name) {
  const variable = `INTEROP_${name.toUpperCase()}`;
  return (
    process.env[variable] ??
    path.join(kPrograms, name === 'spreadable' ? name : `spreadable_${name}`)
  );
}

/** The version that nodes of both kinds announce. */
export const kVersion = 'spreadable-0.3';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `check` gives something true, and returns that; looks every `every` ms. */
export async function until(what, check, { within = 30_000, every = 100 } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await sleep(every);
  }
}

const kVotePeriodMs = 5 * 60_000;

/**
 * Does `check`, which takes part in a vote. Where it fails, and a period of votes has begun meanwhile, it is done
 * once more: the committee that it began with is not the one that it ended with, as the network wants it. The next
 * period is minutes away then. `now` gives the time of all nodes.
 */
export async function inOnePeriod(check, now = Date.now) {
  const period = () => Math.floor(now() / kVotePeriodMs);
  const begun = period();
  try {
    return await check();
  } catch (error) {
    if (period() === begun) throw error;
    return await check();
  }
}

// Ports below the range that systems give to outgoing connections, so that none is taken on the way.
const kPortFirst = 10_240;
const kPortCount = 20_000;
let nextPort = process.pid * 64;

/** A port of this machine that nobody listens on. */
export async function freePort() {
  for (;;) {
    const port = kPortFirst + (nextPort++ % kPortCount);
    const server = net.createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '::', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A process that tells events as JSON lines. */
export class Program {
  constructor(command, args) {
    // Variables of the option names would be options of our nodes.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !key.startsWith('SPREADABLE_')),
    );
    this.events = [];
    this.errors = '';
    this.told = new EventEmitter();
    this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.child);
    this.child.once('error', (error) => (this.errors += `${error.message}\n`)); // it did not start
    this.ended = new Promise((resolve) => this.child.once('close', resolve)).then((code) => {
      running.delete(this.child);
      this.told.emit('end');
      return code ?? this.child.signalCode;
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#note(line));
    this.child.stderr.setEncoding('utf8').on('data', (text) => {
      this.errors = (this.errors + text).slice(-100_000);
    });
  }

  /** The first event of that name, told already or yet to come. */
  event(name, within = 60_000) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.events.find(({ event }) => event === name);
        if (!found && this.isRunning) return;
        clearTimeout(timer);
        this.told.off('event', look).off('end', look);
        found
          ? resolve(found)
          : reject(new Error(`ended without event "${name}":\n${this.errors}`));
      };
      const timer = setTimeout(
        () => reject(new Error(`no event "${name}" within ${within} ms`)),
        within,
      );
      this.told.on('event', look).on('end', look);
      look();
    });
  }

  get isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Asks it to end and waits until it has; kills it, and fails, when it does not within `within` ms. */
  async stop(within = 20_000) {
    if (!this.isRunning) return;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), within);
    const code = await this.ended;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`ended with ${code}:\n${this.errors}`);
  }

  #note(line) {
    try {
      this.events.push({ at: Date.now(), ...JSON.parse(line) });
    } catch {
      this.errors += line + '\n'; // no event
    }
    this.told.emit('event');
  }
}

/** How nodes of each kind are started; the path of the config file comes last. */
const kCommands = {
  upstream: [() => process.execPath, kUpstreamNode],
  ours: [() => program('interop_node')],
  cli: [() => program('spreadable'), 'start', '--json', '--config'],
  metastocle: [() => process.execPath, kMetastocleNode],
  documents: [() => program('spreadable'), 'start', '--kind', 'documents', '--json', '--config'],
};

/** A node of either kind. Its options are those that both kinds name alike. */
export class Peer {
  /**
   * @param {'upstream'|'ours'|'cli'|'metastocle'|'documents'} kind  the package's node, ours with the tests'
   *     actions, `spreadable start`, the document package's node, or ours of kind `documents`
   * @param {object} options  in the form of the config file; `port` and `storage.path` are required
   */
  constructor(kind, options) {
    this.kind = kind;
    this.options = { hostname: 'localhost', ...options };
    this.address = `${this.options.hostname}:${this.options.port}`;
    this.url = `http://127.0.0.1:${this.options.port}`;
  }

  get isOurs() {
    return this.kind !== 'upstream' && this.kind !== 'metastocle';
  }

  get version() {
    const isOfDocuments = this.kind === 'metastocle' || this.kind === 'documents';
    return isOfDocuments ? 'metastocle-0.3' : kVersion;
  }

  /** Starts it; returns once it serves. It keeps its storage over stop() and start(). */
  async start() {
    const file = `${this.options.storage.path}.json`;
    const logger = { level: this.isOurs ? 'warn' : false };
    writeFileSync(file, JSON.stringify({ logger, ...this.options }));
    const [command, ...args] = kCommands[this.kind];
    this.program = new Program(command(), [...args, file]);
    await this.program.event('serving');
    return this;
  }

  async stop() {
    await this.program?.stop();
  }

  /** What a node of root `root` is sent on every request. */
  headers(root, from = 'localhost:1') {
    const version = { 'node-version': this.version };
    const headers = { 'original-address': from, ...version, 'node-root': root };
    const { auth } = this.options.network ?? {};
    if (auth) headers.authorization = basic(auth);
    return headers;
  }

  async status() {
    return await ask(this.url, 'GET', '/status', { headers: this.headers('') });
  }

  /** What it answers to the node at `from`. */
  async structure(root, from) {
    return await ask(this.url, 'POST', '/api/node/structure', {
      headers: this.headers(root, from),
    });
  }

  async client(endpoint, body = {}) {
    const { authorization } = this.headers('');
    const headers = { 'client-version': this.version, ...(authorization && { authorization }) };
    const budget = { timeout: 10_000, timestamp: Date.now() };
    return await ask(this.url, 'POST', `/client/${endpoint}`, {
      headers,
      body: { ...budget, ...body },
    });
  }

  /** What an upstream node has saved when it ended, as collections of records by name. */
  stored() {
    const { collections } = JSON.parse(
      readFileSync(path.join(this.options.storage.path, 'loki.db'), 'utf8'),
    );
    return Object.fromEntries(collections.map(({ name, data }) => [name, data]));
  }
}

export function basic({ username, password }) {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

const kAgent = new http.Agent({ keepAlive: true, maxFreeSockets: 64, timeout: 4_000 });

/** One JSON request. Rejects on anything but 200, on silence and on a body that is no JSON. */
export function ask(url, method, route, { headers = {}, body, timeout = 10_000 } = {}) {
  const text = body === undefined ? '' : JSON.stringify(body);
  const all = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const request = http.request(url + route, { method, headers: all, agent: kAgent, timeout });
    request.on('timeout', () =>
      request.destroy(new Error(`${method} ${url}${route}: silent for ${timeout} ms`)),
    );
    request.on('error', reject);
    request.on('response', async (response) => {
      try {
        let answer = '';
        for await (const part of response.setEncoding('utf8')) answer += part;
        if (response.statusCode !== 200)
          throw new Error(`${method} ${route}: ${response.statusCode} ${answer}`);
        resolve(JSON.parse(answer));
      } catch (error) {
        reject(error);
      }
    });
    request.end(text);
  });
}

/** Nodes that join one network, and all that a test asks about them. */
export class Network {
  constructor(t, { syncInterval, ...options }) {
    this.folder = mkdtempSync(path.join(tmpdir(), 'spreadable-interop-'));
    this.options = { network: { syncInterval, ...options.network }, ...omit(options, 'network') };
    this.syncInterval = syncInterval;
    this.peers = [];
    t.after(async () => {
      await Promise.allSettled(this.peers.map((peer) => peer.stop()));
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  get root() {
    return this.peers[0].address;
  }
  get upstream() {
    return this.peers.filter((peer) => !peer.isOurs);
  }
  get ours() {
    return this.peers.filter((peer) => peer.isOurs);
  }

  /** Adds a node without starting it. The first is the root. */
  async add(kind, options = {}) {
    const port = await freePort();
    const storage = { path: path.join(this.folder, String(port)) };
    const root = this.peers[0]?.address ?? `localhost:${port}`;
    const peer = new Peer(kind, {
      port,
      storage,
      initialNetworkAddress: root,
      ...this.options,
      ...options,
    });
    this.peers.push(peer);
    return peer;
  }

  /** Starts all nodes of `kinds`: the first, which is the root, before the others. */
  async start(kinds) {
    for (const kind of kinds) await this.add(kind);
    await this.peers[0].start();
    await Promise.all(this.peers.slice(1).map((peer) => peer.start()));
    return this;
  }

  /** What each node says of the network's size; null for a silent one. */
  async sizes(peers = this.peers) {
    return await Promise.all(
      peers.map((peer) =>
        peer.status().then(
          ({ networkSize }) => networkSize,
          () => null,
        ),
      ),
    );
  }

  async structures(peers = this.peers) {
    return await Promise.all(
      peers.map((peer) => peer.structure(this.root).catch((error) => String(error))),
    );
  }

  /**
   * Waits until all of `peers` say that the network has as many nodes, and each of them is in one list, that of the
   * master which it names; returns after how many ms.
   */
  async agreed({ within, peers = this.peers }) {
    const begin = Date.now();
    let sizes;
    const check = async () => {
      sizes = await this.sizes(peers);
      if (sizes.some((size) => size !== peers.length)) return false;
      return areLinked(await this.structures(peers));
    };
    await until('all nodes agree', check, { within }).catch(async (error) => {
      const structures = await this.structures(peers);
      throw new Error(`${error.message}: ${sizes}\n${JSON.stringify(structures, null, 1)}`);
    });
    return Date.now() - begin;
  }

  async stop() {
    await Promise.all(this.peers.map((peer) => peer.stop()));
  }
}

function omit(object, name) {
  const { [name]: _, ...rest } = object;
  return rest;
}

/** Whether each node is in exactly one list, and knows in whose. A lone one is in none. */
function areLinked(structures) {
  if (structures.length === 1) return true;
  if (structures.some((structure) => typeof structure === 'string')) return false; // why one is silent
  const links = structures.flatMap(({ address, slaves }) =>
    slaves.map((slave) => [slave.address, address]),
  );
  const masterOf = new Map(links);
  const isLinked = ({ address, backlink }) =>
    backlink && masterOf.get(address) === backlink.address;
  return links.length === structures.length && structures.every(isLinked);
}

// Networks of nodes as processes, for the tests in this folder.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PATIENCE_MS = 60_000; // for what takes a second on an idle machine

/** Where a program of ours is: CTest tells; by hand the release build is taken. */
function programPath(variable, name) {
  const path =
    process.env[variable] ??
    fileURLToPath(new URL(`../../build/release/bin/${name}`, import.meta.url));
  assert.ok(existsSync(path), `the tests need the program ${path}: build it, or set ${variable}`);
  return path;
}

export const spreadable = () => programPath('SPREADABLE_PROGRAM', 'spreadable');
export const interopNode = () => programPath('SPREADABLE_INTEROP_NODE', 'spreadable_interop_node');

/** A folder that goes away with the test `t`, once `end` has ended those who write there. */
export function tempFolder(t, end) {
  const folder = mkdtempSync(join(tmpdir(), 'spreadable-browser-'));
  t.after(async () => {
    await end();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  return folder;
}

/** `count` different ports that nobody listens on, neither in IPv4 nor in IPv6. */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = net.createServer().listen(0, '::');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** An address at which nothing listens. */
export const deadAddress = async () => `localhost:${(await freePorts(1))[0]}`;

/** An address that takes connections and answers nothing, until test `t` ends. */
export async function silentAddress(t) {
  const sockets = new Set();
  const server = net
    .createServer((socket) => sockets.add(socket.on('error', () => {})))
    .listen(0, '::');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `localhost:${server.address().port}`;
}

/** A node as a process. It ends with the test that started it. */
class NodeProcess {
  #changed = () => {};
  events = [];
  errors = '';

  constructor(address, command, words) {
    this.address = address;
    // Variables named as options of nodes would be taken for such.
    const own = ([name]) => !name.startsWith('SPREADABLE_');
    const env = Object.fromEntries(Object.entries(process.env).filter(own));
    // A test that is killed leaves no node behind.
    const whole = ['--pdeathsig', 'TERM', command, ...words];
    this.child = spawn('setpriv', whole, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = once(this.child, 'exit');
    this.child.stderr.on('data', (text) => (this.errors += text));
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.events.push(JSON.parse(line));
      this.#changed();
    });
    this.ended.then(() => this.#changed());
  }

  /** Waits for an event that `is` accepts, which may have come already. */
  async event(what, is) {
    const end = Date.now() + PATIENCE_MS;
    while (!this.events.some(is)) {
      const left = end - Date.now();
      assert.ok(
        this.child.exitCode === null && left > 0,
        `${this.address}: in vain waited for ${what}\n${this.errors}`,
      );
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async stop() {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 15_000);
    await this.ended;
    clearTimeout(timer);
  }
}

/**
 * Starts five nodes and returns their addresses once each of them knows all.
 * `config` is theirs besides ports and addresses; `start` names the program and its first words.
 */
export async function startNetwork(
  t,
  config = {},
  start = [spreadable(), 'start', '--json', '--config'],
) {
  const nodes = [];
  const end = () => Promise.all(nodes.map((node) => node.stop()));
  const folder = tempFolder(t, end);
  const ports = await freePorts(5);
  for (const port of ports) {
    const file = join(folder, `${port}.json`);
    writeFileSync(
      file,
      JSON.stringify({
        port,
        hostname: 'localhost',
        initialNetworkAddress: `localhost:${ports[0]}`,
        storage: { path: join(folder, `${port}`) },
        logger: { level: 'warn' },
        ...config,
        network: { syncInterval: '1s', ...config.network },
      }),
    );
    nodes.push(new NodeProcess(`localhost:${port}`, start[0], [...start.slice(1), file]));
  }
  const isWhole = (one) => one.networkSize === 5;
  try {
    await Promise.all(nodes.map((node) => node.event('a network of 5', isWhole)));
  } catch (error) {
    await end(); // at the top of a file, what fails leaves the hooks of the file out
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return nodes.map((node) => node.address);
}

// clients.js: three clients under one set of methods: the package's, ours in JavaScript and ours in C++. Each
// method resolves to what the network answers, or throws an error with the network's `code`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { Client as UpstreamClient } from 'spreadable';

import { Client } from '../../web/client/client.js';
import { program } from './harness.js';

/** `npm spreadable`, in Node.js. */
class PublishedClient {
  async init({ address, auth }) {
    this.client = new UpstreamClient({ address, auth, logger: false, task: false });
    await this.client.init();
  }

  async worker() {
    return this.client.workerAddress;
  }
  async changeWorker() {
    await this.client.changeWorker();
  }
  async request(endpoint, options) {
    return await this.client.request(endpoint, options);
  }
  async getApprovalQuestion(action) {
    return await this.client.getApprovalQuestion(action);
  }
  async close() {
    await this.client?.deinit();
  }

  async requestGroup(addresses, endpoint) {
    const results = await this.client.requestGroup(
      addresses.map((address) => ({ address })),
      endpoint,
      { includeErrors: true },
    );
    return results.map((result) =>
      result instanceof Error ? { error: result } : { value: result },
    );
  }
}

/** web/client. */
class OwnClient {
  async init({ address, auth }) {
    this.client = new Client({ address, auth, task: false });
    await this.client.init();
  }

  async worker() {
    return this.client.worker;
  }
  async changeWorker() {
    await this.client.changeWorker();
  }
  async request(endpoint, options) {
    return await this.client.request(endpoint, options);
  }
  async requestGroup(addresses, endpoint) {
    return await this.client.requestGroup(addresses, endpoint);
  }
  async getApprovalQuestion(action) {
    return await this.client.getApprovalQuestion(action);
  }
  async close() {
    this.client?.close();
  }
}

/** core/client.h, in a process of its own. */
class NativeClient {
  #waiting = [];

  constructor() {
    this.child = spawn(program('client_calls'), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    this.ended.then((code) =>
      this.#waiting.forEach(({ reject }) => reject(new Error(`the client ended with ${code}`))),
    );
    this.child.stdin.on('error', () => {});
    createInterface({ input: this.child.stdout }).on('line', (line) =>
      this.#settle(JSON.parse(line)),
    );
  }

  #settle({ value, error }) {
    const { resolve, reject } = this.#waiting.shift();
    error ? reject(Object.assign(new Error(error.message), { code: error.code })) : resolve(value);
  }

  #call(method, more) {
    this.child.stdin.write(JSON.stringify({ method, ...more }) + '\n');
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async init(options) {
    await this.#call('init', options);
  }
  async worker() {
    return await this.#call('worker');
  }
  async changeWorker() {
    await this.#call('changeWorker');
  }
  async request(endpoint, options) {
    return await this.#call('request', { endpoint, ...options });
  }
  async requestGroup(addresses, endpoint) {
    return await this.#call('requestGroup', { addresses, endpoint });
  }
  async getApprovalQuestion(action) {
    return await this.#call('getApprovalQuestion', { action });
  }

  async close() {
    this.child.stdin.end();
    await this.ended;
  }
}

/** By name. */
export const kClients = {
  published: PublishedClient,
  'our JavaScript': OwnClient,
  'our C++': NativeClient,
};

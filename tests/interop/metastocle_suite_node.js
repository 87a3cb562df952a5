// A node of ours in the shape in which the tests of metastocle use the package's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Peer } from './harness.js';

class SuiteNode {
  constructor({ port, hostname, network, collections }) {
    this.folder = mkdtempSync(path.join(tmpdir(), 'metastocle-suite-'));
    const { auth } = network ?? {};
    this.peer = new Peer('documents', {
      port,
      hostname: hostname ?? 'localhost',
      storage: { path: path.join(this.folder, 'storage') },
      network: { syncInterval: 1_000, ...(auth && { auth }) },
      collections,
      documents: { openPermissions: true },
    });
    this.address = this.peer.address;
    this.db = {
      getCollectionSize: (name) => this.getDocumentsCount(name),
      getDocuments: async (name) => (await this.getDocuments(name)).documents,
    };
  }

  async init() {
    await this.peer.start();
  }

  async deinit() {
    await this.peer.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  createDefaultRequestOptions({ headers, ...options } = {}) {
    const own = this.peer.headers(this.address, this.address);
    return { method: 'POST', ...options, headers: { ...own, ...headers } };
  }

  getDocuments(collection, actions = {}) {
    return this.peer.client('get-documents', { collection, actions });
  }

  async getDocumentsCount(collection, actions = {}) {
    return (await this.peer.client('get-documents-count', { collection, actions })).count;
  }

  async addDocument(collection, document) {
    return (await this.peer.client('add-document', { collection, document })).document;
  }

  updateDocuments(collection, document, actions = {}) {
    return this.peer.client('update-documents', { collection, document, actions });
  }
}

export default () => SuiteNode;

/**
 * Documents of a network of nodes of kind `documents`, or of Node.js package metastocle.
 *
 *     const client = new DocumentsClient({ address: 'localhost:4000' });
 *     await client.init();
 *     await client.addDocument('people', { id: 'ann', age: 36 });
 *     const { documents, totalCount } = await client.getDocuments('people', { filter: { age: { $gt: 17 } } });
 *
 * For browsers, Node.js 18 and later, and bundlers. Types and details: documents.d.ts.
 * @module
 */
import { Client, ClientError } from './client.js';

export { ClientError };

const BAD_ANSWER = 'ERR_SPREADABLE_RESPONSE_SCHEMA';

const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const SENDING = ['timeout', 'address', 'signal', 'approvalInfo', 'ownerToken'];
const READING = ['filter', 'sort', 'fields', 'offset', 'limit', 'removeDuplicates'];

/** Dates as milliseconds and regular expressions as `{source, flags}`, as nodes take them. */
function plain(value) {
  if (value instanceof Date) return value.getTime();
  if (value instanceof RegExp) return { source: value.source, flags: value.flags };
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** The properties of `options` that are among `names`; any other one is refused. */
function checked(options, names) {
  if (!isObject(options)) throw new TypeError('expected an object of options');
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`unknown option "${unknown.slice(0, 40)}"; known are ${names.join(', ')}`);
  }
  return options;
}

function pick(options, names) {
  const picked = names.filter((name) => options[name] !== undefined);
  return Object.fromEntries(picked.map((name) => [name, plain(options[name])]));
}

/** Calls a network of documents through any of its nodes. Calls may overlap. */
export class DocumentsClient extends Client {
  static version = 'metastocle-0.3';

  /** Adds a document; resolves to it as it was stored. */
  async addDocument(collection, document, options = {}) {
    checked(options, [...SENDING, 'ignoreExistenceError']);
    const body = { document: plain(document), ...pick(options, ['ignoreExistenceError']) };
    return this.#field('add-document', collection, body, options, 'document', isObject);
  }

  /** The documents that match; resolves to `{documents, totalCount}`. */
  async getDocuments(collection, options = {}) {
    checked(options, [...SENDING, ...READING]);
    const answer = await this.#send('get-documents', collection,
      { actions: pick(options, READING) }, options);
    const { documents, totalCount } = isObject(answer) ? answer : {};
    if (!Array.isArray(documents) || !documents.every(isObject) || !isCount(totalCount)) {
      throw new ClientError('get-documents: the answer has another form', { code: BAD_ANSWER });
    }
    return { documents, totalCount };
  }

  /** How many documents match. */
  async getDocumentsCount(collection, options = {}) {
    checked(options, [...SENDING, ...READING]);
    const body = { actions: pick(options, READING) };
    return this.#field('get-documents-count', collection, body, options, 'count', isCount);
  }

  /** The document with that primary key, or null. */
  async getDocumentByPk(collection, pkValue, options = {}) {
    checked(options, SENDING);
    const isAnswer = (value) => value === null || isObject(value);
    const body = { pkValue: plain(pkValue) };
    return this.#field('get-document-by-pk', collection, body, options, 'document', isAnswer);
  }

  /** Changes the documents that match; resolves to `{updated}`, the number of copies changed. */
  async updateDocuments(collection, document, options = {}) {
    checked(options, [...SENDING, 'filter', 'replace']);
    const body = { document: plain(document), actions: pick(options, ['filter', 'replace']) };
    const field = 'updated';
    return { updated: await this.#field('update-documents', collection, body, options, field, isCount) };
  }

  /** Deletes the documents that match; resolves to `{deleted}`, the number of copies deleted. */
  async deleteDocuments(collection, options = {}) {
    checked(options, [...SENDING, 'filter']);
    const body = { actions: pick(options, ['filter']) };
    const field = 'deleted';
    return { deleted: await this.#field('delete-documents', collection, body, options, field, isCount) };
  }

  #send(endpoint, collection, body, { ownerToken, timeout, address, signal, approvalInfo }) {
    const owned = ownerToken === undefined ? {} : { ownerToken };
    const given = Object.entries({ timeout, address, signal, approvalInfo });
    const sending = Object.fromEntries(given.filter(([, value]) => value !== undefined));
    return this.request(endpoint, { ...sending, body: { collection, ...body, ...owned } });
  }

  async #field(endpoint, collection, body, options, field, isRight) {
    const answer = await this.#send(endpoint, collection, body, options);
    const value = isObject(answer) ? answer[field] : undefined;
    if (isRight(value)) return value;
    throw new ClientError(`${endpoint}: the answer has another form`, { code: BAD_ANSWER });
  }
}

// exchanges/table.js: how the rows of the table are written down.
import { kVersion } from '../harness.js';

/** What a node, or a client, of the network of `side` sends along. */
export const nodeHeaders = (side) => ({
  'original-address': 'localhost:1',
  'node-version': kVersion,
  'node-root': side.root,
  'content-type': 'application/json',
});
export const clientHeaders = () => ({
  'client-version': kVersion,
  'content-type': 'application/json',
});

/**
 * A row: one request, which is sent to a node of either kind. `target` decides which headers go along; those of
 * `request` replace them or, where they are null, remove them. A `request` that depends on the node is a function
 * of its side `{ address, root, key, … }`. A body that is an object is sent as JSON.
 */
export function row(name, method, target, request = {}) {
  const make = (side) => {
    const {
      headers = {},
      body,
      raw,
      version,
    } = typeof request === 'function' ? request(side) : request;
    const usual = /^\/api(\/|$)/i.test(target) ? nodeHeaders(side) : clientHeaders();
    const isPlain = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    return {
      method,
      target,
      version,
      raw,
      headers: { ...usual, ...headers },
      body: isPlain ? body : JSON.stringify(body),
    };
  };
  return { name, make, isHead: method === 'HEAD' };
}

/** A row for each of `cases`, `[what, request]`. */
export function rows(name, method, target, cases) {
  return cases.map(([what, request]) => row(`${name}: ${what}`, method, target, request));
}

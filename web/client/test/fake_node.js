// A node as small as a test needs: it answers what it is told to and remembers what it was asked.
import http from 'node:http';
import { Client } from '../client.js';

/** A handler that leaves the request without an answer. */
export const silent = () => undefined;

export function reply(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(
    typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  );
}

/**
 * Listens on a free port of loopback until test `t` ends. `routes` maps "POST /client/x" to the JSON to
 * answer, or to a function of (request, response) that answers itself. GET /ping is there already.
 */
export async function startNode(
  t,
  routes = {},
  create = (listener) => http.createServer(listener),
) {
  const node = { requests: [], routes: { ...routes } };
  const server = create(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const seen = { method: request.method, url: request.url, headers: request.headers, body };
    node.requests.push(seen);
    const route = node.routes[`${request.method} ${request.url.split('?')[0]}`];
    if (typeof route === 'function') return route(seen, response);
    return route === undefined
      ? reply(response, 404, { message: 'Not found route' })
      : reply(response, 200, route);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  node.address = `127.0.0.1:${server.address().port}`;
  node.routes['GET /ping'] ??= { version: 'spreadable-0.3', address: node.address };
  node.asked = (method, path) =>
    node.requests.filter((one) => one.method === method && one.url.split('?')[0] === path);
  /** The JSON body of the last request to `path`. */
  node.lastBody = (path) => JSON.parse(node.asked('POST', path).at(-1).body);
  node.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  t.after(() => node.stop());
  return node;
}

/** An address at which nothing listens. */
export async function deadAddress(t) {
  const node = await startNode(t);
  await node.stop();
  return node.address;
}

/** A client that is closed when test `t` ends; it stays with its worker unless told otherwise. */
export function makeClient(t, options) {
  const client = new Client({ task: false, ...options });
  t.after(() => client.close());
  return client;
}

/** A client of a fresh node with `routes`, ready for calls. */
export async function connect(t, routes, options) {
  const node = await startNode(t, routes);
  const client = makeClient(t, { address: node.address, ...options });
  await client.init();
  return { node, client };
}

/** Resolves once `isDone` returns true after a request of `node`; rejects after ten seconds. */
export async function until(isDone, what) {
  const end = Date.now() + 10_000;
  while (!isDone()) {
    if (Date.now() > end) throw new Error(`in vain waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

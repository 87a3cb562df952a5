// exchanges/raw.js: requests as bytes, and what comes back, with nothing between that would repair either.
import net from 'node:net';
import zlib from 'node:zlib';

const kSilence = 15_000;

/** The bytes of a request. A header whose value is null is left out; one with a list is sent once for each item. */
export function requestBytes({ method, target, version = 'HTTP/1.1', headers, body }) {
  const content = Buffer.isBuffer(body) ? body : Buffer.from(body ?? '', 'utf8');
  const all = { host: 'localhost', connection: 'close', ...headers };
  const names = Object.keys(all).map((name) => name.toLowerCase());
  const isFramed = names.includes('content-length') || names.includes('transfer-encoding');
  if (!isFramed && (body !== undefined || method === 'POST'))
    all['content-length'] = content.length;
  let head = `${method} ${target} ${version}\r\n`;
  for (const [name, value] of Object.entries(all)) {
    if (value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) head += `${name}: ${one}\r\n`;
  }
  return Buffer.concat([Buffer.from(head + '\r\n', 'latin1'), content]);
}

/** Body in one chunk, for `transfer-encoding: chunked`. */
export function chunked(text) {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

/**
 * Sends `bytes` and reads one response: `{ status, headers, text, json }`, where `headers` has lists of values by
 * lower-case name and `json` is undefined for a body that is none. Without any response: `{ status: 0 }`.
 * @param {boolean} isBodiless  the response to HEAD
 */
export function exchange(port, bytes, isBodiless = false) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    const finish = (isEnd) => {
      let response;
      try {
        response = parseResponse(received, isBodiless, isEnd);
      } catch (error) {
        reject(error);
      }
      if (!response && !isEnd) return;
      socket.destroy();
      resolve(response ?? { status: 0, headers: {}, text: '' });
    };
    socket.setTimeout(kSilence, () => {
      socket.destroy();
      reject(new Error(`silent for ${kSilence} ms`));
    });
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      finish(false);
    });
    socket.on('error', () => finish(true)); // closed on us, perhaps after an answer
    socket.on('end', () => finish(true));
    socket.on('close', () => finish(true));
    socket.write(bytes);
  });
}

/** The response in `bytes`, or undefined while it is not whole. */
function parseResponse(bytes, isBodiless, isEnd) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(first.split(' ')[1]);
  const rest = bytes.subarray(end + 4);
  if (status === 100) return parseResponse(rest, isBodiless, isEnd);
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
  }
  const body =
    isBodiless || status === 204 || status === 304 ? Buffer.alloc(0) : bodyOf(rest, headers, isEnd);
  if (!body) return undefined;
  const text = inflated(body, headers['content-encoding']?.[0]).toString('utf8');
  return { status, headers, text, json: parsed(text) };
}

function bodyOf(bytes, headers, isEnd) {
  if (headers['transfer-encoding']?.[0] === 'chunked') return unchunked(bytes);
  const length = Number(headers['content-length']?.[0] ?? NaN);
  if (bytes.length >= length) return bytes.subarray(0, length);
  return isEnd ? bytes : undefined;
}

function unchunked(bytes) {
  const parts = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (bytes.length < end + 2 + size + 2) return undefined;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function inflated(body, coding) {
  if (!coding || !body.length) return body;
  return { gzip: zlib.gunzipSync, deflate: zlib.inflateSync, br: zlib.brotliDecompressSync }[
    coding
  ](body);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

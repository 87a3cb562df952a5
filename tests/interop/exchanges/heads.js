// exchanges/heads.js: what stands before a body: request line, fields, connection.
import { row, rows } from './table.js';

const raw = (text) => ({ raw: Buffer.from(text, 'latin1') });
const get = (line, fields = '') =>
  raw(`${line}\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`);
const post = (fields) =>
  raw(
    `POST /client/get-available-node HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n${fields}`,
  );

const lines = rows('request line', 'GET', '/ping', [
  ['HTTP/1.0', { version: 'HTTP/1.0' }],
  ['HTTP/1.0 without host', raw('GET /ping HTTP/1.0\r\n\r\n')],
  ['no host', raw('GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n')],
  ['empty host', raw('GET /ping HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')],
  ['two hosts', get('GET /ping HTTP/1.1', 'Host: other\r\n')],
  ['HTTP/2.0', get('GET /ping HTTP/2.0')],
  ['HTTP/1.2', get('GET /ping HTTP/1.2')],
  ['HTTP/0.9', raw('GET /ping\r\n\r\n')],
  ['lower-case method', get('get /ping HTTP/1.1')],
  ['unknown method', get('FOO /ping HTTP/1.1')],
  ['no target', get('GET HTTP/1.1')],
  ['two blanks', get('GET  /ping HTTP/1.1')],
  ['blank in the target', get('GET /pi ng HTTP/1.1')],
  ['no slash', get('GET ping HTTP/1.1')],
  ['star', get('GET * HTTP/1.1')],
  ['star, OPTIONS', get('OPTIONS * HTTP/1.1')],
  ['CONNECT', get('CONNECT localhost:1 HTTP/1.1')],
  ['TRACE', get('TRACE /ping HTTP/1.1')],
  ['fragment', get('GET /ping#x HTTP/1.1')],
  ['bytes above 127', get('GET /p\u00efng HTTP/1.1')],
  ['quotes', get('GET /"<x>" HTTP/1.1')],
  [
    'empty line before',
    raw('\r\nGET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
  ],
  ['bare line feeds', raw('GET /ping HTTP/1.1\nHost: localhost\nConnection: close\n\n')],
  ['no HTTP', raw('hello\r\n\r\n')],
  ['long target', get(`GET /${'x'.repeat(8_000)} HTTP/1.1`)],
  ['head over 16 KiB', get(`GET /ping HTTP/1.1`, `x: ${'y'.repeat(17_000)}\r\n`)],
  ['target over 16 KiB', get(`GET /${'x'.repeat(17_000)} HTTP/1.1`)],
  ['head of 15 KiB', get('GET /ping HTTP/1.1', `x: ${'y'.repeat(15_000)}\r\n`)],
  [
    '90 fields',
    get('GET /ping HTTP/1.1', Array.from({ length: 90 }, (_, i) => `x${i}: y\r\n`).join('')),
  ],
  [
    '150 fields',
    get('GET /ping HTTP/1.1', Array.from({ length: 150 }, (_, i) => `x${i}: y\r\n`).join('')),
  ],
]);

const fields = rows('fields', 'GET', '/ping', [
  ['blank before the colon', get('GET /ping HTTP/1.1', 'x : y\r\n')],
  ['no colon', get('GET /ping HTTP/1.1', 'xyz\r\n')],
  ['no name', get('GET /ping HTTP/1.1', ': y\r\n')],
  ['folded', get('GET /ping HTTP/1.1', 'x: y\r\n z\r\n')],
  ['NUL in a value', get('GET /ping HTTP/1.1', 'x: \u0000\r\n')],
  ['odd name', get('GET /ping HTTP/1.1', 'x(y): z\r\n')],
  ['bytes above 127', get('GET /ping HTTP/1.1', 'x: \u00e9\r\n')],
  ['tabs around', get('GET /ping HTTP/1.1', 'x:\t y \t\r\n')],
  ['upgrade', get('GET /ping HTTP/1.1', 'Upgrade: websocket\r\n')],
  ['a wish for JSON', { headers: { accept: 'application/json' } }],
  ['a wish for HTML', { headers: { accept: 'text/html' } }],
  ['no wish for JSON', { headers: { accept: 'image/png;q=1' } }],
  ['gzip welcome', { headers: { 'accept-encoding': 'gzip, deflate, br' } }],
  ['range', { headers: { range: 'bytes=0-1' } }],
  ['keep-alive', raw('GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['HTTP/1.0 keep-alive', raw('GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')],
]);

const lengths = rows('length', 'POST', '/client/get-available-node', [
  ['negative', post('Content-Length: -1\r\n\r\n{}')],
  ['no number', post('Content-Length: x\r\n\r\n{}')],
  ['twice the same', post('Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}')],
  ['twice, different', post('Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}')],
  ['plus sign', post('Content-Length: +2\r\n\r\n{}')],
  ['list', post('Content-Length: 2, 2\r\n\r\n{}')],
  ['none', post('\r\n')],
  ['zero', post('Content-Length: 0\r\n\r\n')],
  [
    'with chunked',
    post('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'),
  ],
  ['unknown transfer coding', post('Transfer-Encoding: xyz\r\n\r\n{}')],
  ['gzip as transfer coding', post('Transfer-Encoding: gzip\r\n\r\n{}')],
]);

export default [...lines, ...fields, ...lengths];

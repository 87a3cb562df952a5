// exchanges/bodies.js: what a body may be, how it may be coded, and how large.
import zlib from 'node:zlib';

import { row, rows } from './table.js';
import { chunked } from './raw.js';

const kLimit = 512_000; // `500kb`, the default of server.maxBodySize
const kTarget = '/client/get-available-node';

/** JSON text of exactly `size` bytes. */
const padded = (size) => `{"a":"${'x'.repeat(size - 8)}"}`;
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
const kForm = 'application/x-www-form-urlencoded';
const parameters = (count) => Array.from({ length: count }, (_, i) => `k${i}=v`).join('&');

const json = rows('json', 'POST', kTarget, [
  ['empty body', { body: '' }],
  ['empty object', { body: '{}' }],
  ['list', { body: '[]' }],
  ['null', { body: 'null' }],
  ['number', { body: '1' }],
  ['text', { body: '"x"' }],
  ['true', { body: 'true' }],
  ['cut off', { body: '{' }],
  ['cut off in a text', { body: '{"a":"b' }],
  ['something after', { body: '{"a":1}x' }],
  ['two objects', { body: '{}{}' }],
  ['single quotes', { body: "{'a':1}" }],
  ['no quotes', { body: '{a:1}' }],
  ['trailing comma', { body: '{"a":1,}' }],
  ['comment', { body: '{/*x*/}' }],
  ['white space around', { body: ' \r\n\t{} \n' }],
  ['only white space', { body: '  ' }],
  ['byte order mark', { body: '\ufeff{}' }],
  ['NaN', { body: '{"a":NaN}' }],
  ['leading zero', { body: '{"a":01}' }],
  ['leading plus', { body: '{"a":+1}' }],
  ['huge number', { body: '{"a":1e999}' }],
  ['long number', { body: `{"a":${'9'.repeat(400)}}` }],
  ['minus zero', { body: '{"a":-0}' }],
  ['same key twice', { body: '{"a":1,"a":2}' }],
  ['key __proto__', { body: '{"__proto__":{"x":1}}' }],
  ['key constructor', { body: '{"constructor":{"prototype":{"x":1}}}' }],
  ['lone surrogate', { body: '{"a":"\\ud800"}' }],
  ['NUL as escape', { body: '{"a":"\\u0000"}' }],
  ['NUL as byte', { body: '{"a":"\u0000"}' }],
  ['line break in a text', { body: '{"a":"\n"}' }],
  [
    'bytes that are no UTF-8',
    { body: Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]) },
  ],
  ['other alphabets', { body: { a: 'пример 例え 🙂' } }],
  ['20 levels', { body: nested(20) }],
  ['60 levels', { body: nested(60) }],
  ['100 levels', { body: nested(100) }],
  ['2000 levels', { body: nested(2_000) }],
  ['HTML', { body: '<html></html>' }],
  ['unknown fields', { body: { a: 1, b: [2], c: { d: null } } }],
]);

const utf16 = (text, isBig = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};
const utf32 = (text) =>
  Buffer.concat(
    [...text].map((c) => {
      const b = Buffer.alloc(4);
      b.writeUInt32LE(c.codePointAt(0));
      return b;
    }),
  );
const typed = (type, body = '{}') => ({ headers: { 'content-type': type }, body });
const types = rows('content type', 'POST', kTarget, [
  ['none', typed(null)],
  ['none, no JSON', typed(null, '{')],
  ['empty', typed('')],
  ['empty, no JSON', typed('', '{')],
  ['text', typed('text/plain', '{')],
  ['other JSON', typed('application/vnd.api+json', '{')],
  ['XML', typed('application/xml', '<a/>')],
  ['text/json', typed('text/json', '{')],
  ['upper case', typed('APPLICATION/JSON', '{')],
  ['parameter', typed('application/json; a=b', '{')],
  ['parameter without value', typed('application/json; a', '{')],
  ['semicolon only', typed('application/json;', '{')],
  ['no blank', typed('application/json;charset=utf-8', '{')],
  ['longer name', typed('application/jsonx', '{')],
  ['two in one', typed('application/json, text/html', '{')],
  ['sent twice', typed(['application/json', 'application/json'], '{')],
  ['no slash', typed('json', '{')],
  ['any', typed('*/*', '{')],
  [
    'multipart',
    typed(
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n',
    ),
  ],
  ['multipart without boundary', typed('multipart/form-data', 'x')],
  ['octets', typed('application/octet-stream', '\u0001\u0002')],
  ['utf-8', typed('application/json; charset=utf-8')],
  ['UTF-8', typed('application/json; charset=UTF-8')],
  ['utf8', typed('application/json; charset=utf8')],
  ['quoted utf-8', typed('application/json; charset="utf-8"')],
  ['empty charset', typed('application/json; charset=')],
  ['quoted empty charset', typed('application/json; charset=""')],
  ['utf-16, little first', typed('application/json; charset=utf-16', utf16('\ufeff{}'))],
  ['utf-16, big first', typed('application/json; charset=utf-16', utf16('\ufeff{}', true))],
  ['utf-16 without mark', typed('application/json; charset=utf-16', utf16('{"a":1}'))],
  ['utf-16le', typed('application/json; charset=utf-16le', utf16('{"a":"ж"}'))],
  ['utf-16be', typed('application/json; charset=utf-16be', utf16('{"a":"ж"}', true))],
  ['utf-16le, wrong JSON', typed('application/json; charset=utf-16le', utf16('{'))],
  ['utf-16 that is utf-8', typed('application/json; charset=utf-16', '{}')],
  [
    'utf-16 of odd length',
    typed('application/json; charset=utf-16le', Buffer.from([0x7b, 0, 0x7d])),
  ],
  ['utf-32', typed('application/json; charset=utf-32', utf32('\ufeff{}'))],
  ['utf-32le', typed('application/json; charset=utf-32le', utf32('{}'))],
  ['utf-7', typed('application/json; charset=utf-7')],
  ['iso-8859-1', typed('application/json; charset=iso-8859-1')],
  ['us-ascii', typed('application/json; charset=us-ascii')],
  ['unknown charset', typed('application/json; charset=xyz')],
  ['unknown charset, empty body', typed('application/json; charset=xyz', '')],
  ['unknown charset of a form', typed(`${kForm}; charset=xyz`, 'a=b')],
  ['iso-8859-1 form', typed(`${kForm}; charset=iso-8859-1`, 'a=%E9')],
  ['unknown charset of a text', typed('text/plain; charset=xyz', 'a')],
]);

const coded = (coding, body) => ({ headers: { 'content-encoding': coding }, body });
const kText = '{"a":1}';
const codings = rows('content coding', 'POST', kTarget, [
  ['gzip', coded('gzip', zlib.gzipSync(kText))],
  ['GZIP', coded('GZIP', zlib.gzipSync(kText))],
  ['x-gzip', coded('x-gzip', zlib.gzipSync(kText))],
  ['deflate', coded('deflate', zlib.deflateSync(kText))],
  ['raw deflate', coded('deflate', zlib.deflateRawSync(kText))],
  ['brotli', coded('br', zlib.brotliCompressSync(kText))],
  ['identity', coded('identity', kText)],
  ['empty', coded('', kText)],
  ['unknown', coded('compress', kText)],
  ['two', coded('gzip, deflate', zlib.deflateSync(zlib.gzipSync(kText)))],
  ['gzip that is none', coded('gzip', kText)],
  ['gzip cut off', coded('gzip', zlib.gzipSync(kText).subarray(0, 15))],
  [
    'gzip with bytes after',
    coded('gzip', Buffer.concat([zlib.gzipSync(kText), Buffer.from('xx')])),
  ],
  ['two gzip members', coded('gzip', Buffer.concat([zlib.gzipSync('{"a"'), zlib.gzipSync(':1}')]))],
  ['deflate that is none', coded('deflate', kText)],
  ['gzip of wrong JSON', coded('gzip', zlib.gzipSync('{'))],
  ['gzip of nothing', coded('gzip', zlib.gzipSync(''))],
  ['gzip, no body', coded('gzip', '')],
  ['gzip within the limit', coded('gzip', zlib.gzipSync(padded(kLimit)))],
  ['gzip over the limit', coded('gzip', zlib.gzipSync(padded(kLimit + 1)))],
  ['gzip far over the limit', coded('gzip', zlib.gzipSync(padded(20 * kLimit)))],
  [
    'gzip of a form',
    { headers: { 'content-encoding': 'gzip', 'content-type': kForm }, body: zlib.gzipSync('a=b') },
  ],
  [
    'unknown, of a text',
    { headers: { 'content-encoding': 'xyz', 'content-type': 'text/plain' }, body: 'x' },
  ],
]);

const form = (body) => ({ headers: { 'content-type': kForm }, body });
const forms = rows('form', 'POST', kTarget, [
  ['one field', form('timeout=1000')],
  ['nothing', form('')],
  ['brackets', form('a[b]=c&a[b]=d')],
  ['repeated', form('a=1&a=2&a=3')],
  ['bad escape', form('a=%zz&%=1')],
  ['only separators', form('&&&')],
  ['no values', form('a&b&c')],
  ['1000 parameters', form(parameters(1_000))],
  ['1001 parameters', form(parameters(1_001))],
  ['timeout in words', form('timeout=soon&timestamp=now')],
  ['at the limit', form('a=' + 'x'.repeat(kLimit - 2))],
  ['over the limit', form('a=' + 'x'.repeat(kLimit - 1))],
  [
    'upper-case type',
    { headers: { 'content-type': 'Application/X-WWW-Form-URLEncoded' }, body: 'a=b' },
  ],
]);

const sizes = rows('size', 'POST', kTarget, [
  ['at the limit', { body: padded(kLimit) }],
  ['one over', { body: padded(kLimit + 1) }],
  ['far over', { body: padded(4 * kLimit) }],
  [
    'over the limit, of no type',
    { headers: { 'content-type': 'text/plain' }, body: padded(kLimit + 1) },
  ],
  ['chunked', { headers: { 'transfer-encoding': 'chunked' }, body: chunked('{}') }],
  ['chunked, wrong JSON', { headers: { 'transfer-encoding': 'chunked' }, body: chunked('{') }],
  [
    'chunked, at the limit',
    { headers: { 'transfer-encoding': 'chunked' }, body: chunked(padded(kLimit)) },
  ],
  [
    'chunked, one over',
    { headers: { 'transfer-encoding': 'chunked' }, body: chunked(padded(kLimit + 1)) },
  ],
  [
    'chunked, with a trailer',
    { headers: { 'transfer-encoding': 'chunked' }, body: '2\r\n{}\r\n0\r\nx: y\r\n\r\n' },
  ],
  [
    'chunked, bad size',
    { headers: { 'transfer-encoding': 'chunked' }, body: 'zz\r\n{}\r\n0\r\n\r\n' },
  ],
  ['100-continue', { headers: { expect: '100-continue' }, body: '{}' }],
  ['another expectation', { headers: { expect: 'miracle' }, body: '{}' }],
]);

const elsewhere = [
  row('wrong JSON to a page', 'POST', '/nothing', { body: '{' }),
  row('wrong JSON to a page, by GET', 'GET', '/page', { body: '{' }),
  row('wrong JSON to ping', 'GET', '/ping', { body: '{' }),
  row('wrong JSON to the API of a wrong root', 'POST', '/api/node/structure', {
    headers: { 'node-root': 'x' },
    body: '{',
  }),
  row('wrong JSON of a wrong version', 'POST', '/client/get-available-node', {
    headers: { 'client-version': 'x' },
    body: '{',
  }),
  row('wrong JSON of an invalid sender', 'POST', '/api/node/structure', {
    headers: { 'original-address': 'x' },
    body: '{',
  }),
  row('unknown charset of a wrong version', 'POST', '/client/x', {
    headers: { 'client-version': 'x', 'content-type': 'application/json; charset=x' },
    body: '{}',
  }),
  row('too large for a wrong root', 'POST', '/api/node/structure', {
    headers: { 'node-root': 'x' },
    body: padded(kLimit + 1),
  }),
  row('body of a GET of status', 'GET', '/status', { body: '{"a":1}' }),
  row('body of a DELETE', 'DELETE', '/status', { body: '{"a":1}' }),
  row('list to the API', 'POST', '/api/node/structure', { body: '[]' }),
  row('list to a registration', 'POST', '/api/node/provide-registration', { body: '[]' }),
];

export default [...json, ...types, ...codings, ...forms, ...sizes, ...elsewhere];

// Networks with a certificate authority of their own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeClient, reply, silent, startNode } from './fake_node.js';

let folder, ca, tls;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'spreadable-client-'));
  const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '1',
    '-subj',
    '/CN=test authority',
  );
  openssl('req', ...key, '-keyout', 'node.key', '-out', 'node.csr', '-subj', '/CN=node');
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1');
  openssl(
    'x509',
    '-req',
    '-in',
    'node.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'node.pem',
    '-days',
    '1',
    '-extfile',
    'names',
  );
  ca = readFileSync(join(folder, 'ca.pem'));
  tls = {
    key: readFileSync(join(folder, 'node.key')),
    cert: readFileSync(join(folder, 'node.pem')),
  };
});

after(() => rmSync(folder, { recursive: true, force: true }));

const startTlsNode = (t, routes) =>
  startNode(t, routes, (listener) => https.createServer(tls, listener));

async function connectTls(t, routes, authority) {
  const node = await startTlsNode(t, routes);
  const client = makeClient(t, { address: node.address, https: { ca: authority } });
  await client.init();
  return { node, client };
}

test('client: tls: the given authority is believed, as text, bytes or in a list', async (t) => {
  for (const authority of [ca, ca.toString(), [ca], [ca.toString(), ca]]) {
    const { node, client } = await connectTls(t, { 'GET /status': { fine: true } }, authority);
    assert.equal(client.worker, node.address);
    assert.deepEqual(await client.get('/status'), { fine: true });
  }
});

test('client: tls: another authority is not believed', async (t) => {
  const node = await startTlsNode(t);
  for (const authority of [true, { ca: tls.cert }]) {
    const client = makeClient(t, { address: node.address, https: authority });
    await assert.rejects(() => client.init(), { code: 'ERR_SPREADABLE_UNREACHABLE' });
  }
  assert.equal(node.requests.length, 0);
});

test('client: tls: a name that the certificate does not hold is not believed', async (t) => {
  const node = await startTlsNode(t);
  const client = makeClient(t, {
    address: node.address.replace('127.0.0.1', 'localhost'),
    https: { ca },
  });
  await assert.rejects(() => client.init(), {
    code: 'ERR_SPREADABLE_UNREACHABLE',
    message: /ERR_TLS_CERT_ALTNAME_INVALID/,
  });
});

test('client: tls: requests, forms and errors are as without', async (t) => {
  const { node, client } = await connectTls(
    t,
    {
      'POST /client/echo': (seen, response) =>
        reply(response, 200, { word: JSON.parse(seen.body).word }),
      'POST /client/bad': (_, response) => reply(response, 422, { message: 'no', code: 'ERR_NO' }),
      'POST /client/form': {},
    },
    ca,
  );
  assert.deepEqual(await client.request('echo', { body: { word: 'frei ü' } }), { word: 'frei ü' });
  await assert.rejects(() => client.request('bad'), { code: 'ERR_NO', status: 422 });
  await client.request('form', { formData: { file: new Blob(['bytes']) } });
  const seen = node.requests.at(-1);
  assert.match(seen.headers['content-type'], /^multipart\/form-data; boundary=/);
  assert.match(seen.body.toString(), /name="file"[^]*bytes/);
  assert.equal(seen.headers['client-version'], 'spreadable-0.3');
});

test('client: tls: timeouts, long answers and close are as without', async (t) => {
  const { client } = await connectTls(
    t,
    {
      'POST /client/silent': silent,
      'POST /client/half': (_, response) => response.writeHead(200).write('{'),
      'POST /client/long': (_, response) => reply(response, 200, Buffer.alloc(9 << 20, 'x')),
    },
    ca,
  );
  const timedOut = { code: 'ERR_SPREADABLE_REQUEST_TIMEDOUT' };
  await assert.rejects(() => client.request('silent', { timeout: 60 }), timedOut);
  await assert.rejects(() => client.request('half', { timeout: 60 }), timedOut);
  await assert.rejects(() => client.request('long'), { code: 'ERR_SPREADABLE_RESPONSE_SCHEMA' });
  const call = client.request('silent');
  client.close();
  await assert.rejects(call, { code: 'ERR_SPREADABLE_CLIENT_CLOSED' });
});

test('client: tls: connections are used again', async (t) => {
  const sockets = new Set();
  const { client } = await connectTls(
    t,
    {
      'GET /status': (_, response) => {
        sockets.add(response.socket);
        reply(response, 200, {});
      },
    },
    ca,
  );
  for (let i = 0; i < 10; ++i) await client.get('/status');
  assert.ok(sockets.size <= 2, `${sockets.size} connections`);
});

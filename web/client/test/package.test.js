// What is promised about the files themselves.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as module from '../client.js';

const folder = new URL('..', import.meta.url);
const source = readFileSync(new URL('client.js', folder), 'utf8');
const types = readFileSync(new URL('client.d.ts', folder), 'utf8');

test('client: file: is ASCII below 24 KiB without imports, so that nodes can serve it', () => {
  assert.ok(source.length < 24 * 1024, `${source.length} bytes`);
  assert.match(source, /^[\x00-\x7f]*$/);
  assert.doesNotMatch(source, /^\s*import[\s{'"]|\brequire\(|\bimport\(['"]/m);
});

test('client: types: name every public method, and no other', () => {
  const declared = types
    .slice(types.indexOf('export class Client {'))
    .match(/^ {2}(readonly )?\w+(?=[(<:])/gm)
    .map((line) => line.trim().replace('readonly ', ''))
    .sort();
  const own = Object.getOwnPropertyNames(module.Client.prototype).sort();
  assert.deepEqual(declared, own);
  assert.deepEqual(Object.keys(module).sort(), ['Client', 'ClientError']);
});

test('client: package: holds the module, its types, the readme and the license', () => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--offline'], {
      cwd: fileURLToPath(folder),
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  assert.equal(packed.name, 'spreadable-client');
  assert.deepEqual(packed.files.map((file) => file.path).sort(), [
    'LICENSE',
    'README.md',
    'client.d.ts',
    'client.js',
    'documents.d.ts',
    'documents.js',
    'package.json',
  ]);
});

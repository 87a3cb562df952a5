// The own tests of the Node.js package metastocle for clients and routes, run against nodes of ours: only how
// nodes are started is another (metastocle_suite_node.js). Exceptions, with reasons: docs/compatibility.md.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { register } from 'node:module';
import { after, before, describe, it } from 'node:test';

/** Tests that may fail, by the names of their groups and their own; they are run, since others build on them. */
const kExceptions = [
  [/\/api\/master\//, 'nodes of ours have no deeper levels'],
  [/\.addDocument\(\) should add the document/, 'it compares the order of fields'],
];

const groups = [];
globalThis.describe = (name, body) =>
  describe(name, () => {
    groups.push(name);
    body();
    groups.pop();
  });
globalThis.it = (name, body) => {
  const full = [...groups, name].join(' ');
  const exception = kExceptions.find(([pattern]) => pattern.test(full));
  it(name, { todo: exception ? exception[1] : false }, body);
};
Object.assign(globalThis, { before, after });

register('./metastocle_suite_hooks.js', import.meta.url);
const { default: tools } = await import('metastocle/test/tools.js');
mkdirSync(tools.tmpPath, { recursive: true });
after(() => rmSync(tools.tmpPath, { recursive: true, force: true }));
for (const name of ['client', 'routes']) {
  const { default: suite } = await import(`metastocle/test/${name}.js`);
  assert.equal(typeof suite, 'function');
  globalThis.describe(name, suite);
}

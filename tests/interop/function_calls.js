// Calls of functions of ours, for tests that compare them with those of a package.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { program } from './harness.js';

/** What the functions of the program called `name` make of `calls`, `[function, argument…]` each: one result for each. */
export async function resultsOf(name, calls) {
  const child = spawn(program(name), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {}); // it ended early; its exit code tells
  child.stdin.end(calls.map((call) => JSON.stringify(call) + '\n').join(''));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  const results = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(results.length, calls.length);
  return results;
}

// The published client of the Node.js package, as a browser loads it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(
  new URL('../interop/node_modules/spreadable/dist/client/spreadable.client.js', import.meta.url),
);

/** Gives the page the class `window.ClientSpreadable`. */
export async function loadUpstreamClient(page) {
  assert.ok(existsSync(FILE), `the tests need ${FILE}: run npm ci in tests/interop`);
  await page.addScriptTag({ path: FILE });
  assert.equal(await page.evaluate(() => typeof window.ClientSpreadable), 'function');
}

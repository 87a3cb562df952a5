// Chromium without a window, one for each test.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { tempFolder } from './network.js';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a browser with an empty profile; it ends with the test `t`. `options` are of its context. */
export async function startBrowser(t, options = {}) {
  assert.ok(
    existsSync(PROGRAM),
    `the tests need Chromium at ${PROGRAM}: install it, or set CHROMIUM`,
  );
  let browser;
  const profile = tempFolder(t, () => browser?.close());
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: PROGRAM,
    args: FLAGS,
    chromiumSandbox: false,
    ...options,
  });
  return browser;
}

/** Opens the page that the node at `address` serves. */
export async function openPage(browser, address, path = '/') {
  const page = await browser.newPage();
  const answer = await page.goto(`http://${address}${path}`);
  assert.equal(answer.status(), 200);
  return page;
}

/**
 * Runs `work` in the page, with the module's exports and `argument`. Resolves to what it returns, or
 * to `{ error }` with the fields of the ClientError that it throws.
 */
export function withClient(page, work, argument) {
  return page.evaluate(
    async ([source, value]) => {
      const module = await import('/client.js');
      try {
        return await (0, eval)(`(${source})`)(module, value);
      } catch (error) {
        const { name, message, code, status, address } = error;
        return { error: { name, message, code, status, address } };
      }
    },
    [work.toString(), argument],
  );
}

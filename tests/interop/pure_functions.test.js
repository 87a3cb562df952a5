// Our pure functions and the package's, on the same 20,000 inputs each. Inputs are made from a seed: a failure can
// be had again.
import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, test } from 'node:test';

import ms from 'ms';
import utils from 'spreadable/src/utils.js';

import { resultsOf } from './function_calls.js';
import { Chance, kInputs } from './pure_functions.js';

const kCount = 20_000;
const kSeed = Number(process.env.SEED ?? 20_261_121);

/** kCount calls of which no two are the same. */
function differentCalls(name) {
  const chance = new Chance(kSeed);
  const calls = new Map();
  while (calls.size < kCount) {
    const call = [name, ...kInputs[name](chance)];
    calls.set(JSON.stringify(call), call);
  }
  return [...calls.values()];
}

/** Compares kCount results. `isAllowed(arguments, expected, got)` says which differences are documented. */
async function compare(t, name, theirs, { isAllowed = () => false, isSame = isEqual } = {}) {
  const calls = differentCalls(name);
  const results = await resultsOf('pure_functions', calls);
  const faults = [];
  let allowed = 0;
  calls.forEach((call, i) => {
    const expected = theirs(...call.slice(1)) ?? null;
    if (isSame(expected, results[i])) return;
    if (isAllowed(call.slice(1), expected, results[i])) return ++allowed;
    faults.push({ call, expected, got: results[i] });
  });
  const accepted = results.filter((result) => result !== null && result !== false).length;
  t.diagnostic(
    `seed ${kSeed}: ${kCount} inputs, ${accepted} accepted by ours, ${allowed} documented differences`,
  );
  assert.deepEqual(faults.slice(0, 20), [], `${faults.length} of ${kCount} differ (seed ${kSeed})`);
}

/** Equal but for the last bits of fractions, which the order of additions decides. */
function isEqual(a, b) {
  if (typeof a !== 'number' || typeof b !== 'number')
    return JSON.stringify(a) === JSON.stringify(b);
  return a === b || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}

/** The package's timer at the moment it is made: no time has passed. */
function share(remaining, stages, min, grabFree) {
  const now = Date.now;
  Date.now = () => 0;
  try {
    return utils.getRequestTimer(remaining ?? undefined, { min, grabFree })(
      stages.length ? stages : undefined,
    );
  } finally {
    Date.now = now;
  }
}

function order(addresses, time) {
  const hashed = [...new Set(addresses)].map((address) => ({
    address,
    hash: utils.createDataHash([address, String(time)]),
  }));
  return hashed
    .sort((a, b) => (a.hash > b.hash ? 1 : a.hash < b.hash ? -1 : 0))
    .map(({ address }) => address);
}

function isAddress(text) {
  try {
    return utils.isValidAddress(text);
  } catch {
    return false; // a bracketed host that is no IPv6 address
  }
}

// The differences that docs/compatibility.md names under "Addresses, times and sizes".

/** Whether `text` is not written the one way in which our nodes write and accept addresses. */
function isJunk(text) {
  const [, host, port] = /^(\[[^\]]*\]|[^:]*):(.*)$/s.exec(text) ?? [];
  const isPort = /^(0|[1-9][0-9]{0,4})$/.test(port);
  if (host === 'localhost' || isIPv4(host)) return !isPort;
  if (host?.startsWith('[')) return !isPort || !isIPv6(host.slice(1, -1)) || host.includes('%');
  const isName =
    /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(host) &&
    host.split('.').every((label) => label.length <= 63 && !/^-|-$/.test(label));
  const isOther = /^localhost/i.test(host) || /^[0-9.]+$/.test(host);
  return !isPort || !isName || isOther || host.length > 253;
}

/** Times above a hundred years are refused; a plus sign may stand before one. */
function isOtherTime([text], expected, got) {
  if (got === null) return Math.abs(expected) > kMillisecondsMax;
  return expected === null && text.startsWith('+') && isRounded(ms(text.slice(1)), got);
}

/** A size is not negative, at most 2^63 - 1, and the text holds nothing else; it may begin with its point. */
function isOtherSize([text], expected, got) {
  if (got !== null)
    return (
      expected === null &&
      /^\+?\./.test(text) &&
      isEqual(utils.getBytes(text.replace('.', '0.')), got)
    );
  return !/^\+?[0-9]+(\.[0-9]+)? *([kmgtp]?b)?$/i.test(text) || expected >= 2 ** 63;
}

/** Whether `text` ends in the dotted form of IPv6 addresses, which our nodes read and write in full. */
function isDotted(text) {
  const [, ip, start, quad, rest] = /^\[((.*:)([0-9.]+))\](:[0-9]+)$/.exec(text) ?? [];
  if (!ip || !isIPv6(ip) || !isIPv4(quad)) return false;
  const [a, b, c, d] = quad.split('.').map(Number);
  return isAddress(`[${start}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}]${rest}`);
}

/** Whether `got` is `time` in whole milliseconds, as our times are. */
function isRounded(time, got) {
  return (
    time === got ||
    (time !== null && got !== null && Math.abs(time - got) <= 0.5 + 1e-12 * Math.abs(time))
  );
}

const kMillisecondsMax = 36_525 * 24 * 3_600_000;

describe('pure functions', { concurrency: 2 }, () => {
  test('interop: pure functions: data hash', (t) =>
    compare(t, 'hash', (parts) => utils.createDataHash(parts)));
  test('interop: pure functions: start of a period', (t) =>
    compare(t, 'period', (time, period) => utils.getClosestPeriodTime(time, period)));
  test('interop: pure functions: share of a budget', (t) => compare(t, 'budget', share));
  test('interop: pure functions: order of approvers', (t) => compare(t, 'order', order));
  test('interop: pure functions: short form of a time', (t) =>
    compare(t, 'short-time', (span) => ms(span)));
  test('interop: pure functions: time texts', (t) =>
    compare(t, 'time', (text) => (text === '' ? undefined : utils.getMs(text)), {
      isAllowed: isOtherTime,
      isSame: isRounded,
    }));
  test('interop: pure functions: size texts', (t) =>
    compare(t, 'size', (text) => utils.getBytes(text), { isAllowed: isOtherSize }));
  test('interop: pure functions: addresses', (t) =>
    compare(t, 'address', isAddress, {
      isAllowed: ([text], expected) => (expected ? isJunk(text) : isDotted(text)),
    }));
});

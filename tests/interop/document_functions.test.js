// What our nodes make of filters, queries, changes and sizes, and what the package metastocle makes of them, on
// the same 10,000 inputs each. Inputs are made from a seed: a failure can be had again.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { merge, omitBy, pickBy } from 'lodash-es';
import makeNode from 'metastocle/src/node.js';
import utils from 'metastocle/src/utils.js';
import sizeof from 'object-sizeof';

import { kInputs } from './document_functions.js';
import { resultsOf } from './function_calls.js';
import { Chance } from './pure_functions.js';

const kCount = 10_000;
const kSeed = Number(process.env.SEED ?? 20_261_121);

/** kCount inputs as they are after their way over the wire. */
function differentCalls(name) {
  const chance = new Chance(kSeed);
  const calls = new Map();
  while (calls.size < kCount) {
    const text = JSON.stringify([name, ...kInputs[name](chance)]);
    calls.set(text, JSON.parse(text));
  }
  return [...calls.values()];
}

/** The package's filters, with the one thing of ours that its wire allows: a value of the wrong type is no match. */
class Handler extends utils.DocumentsHandler {}
for (const name of [
  '$sw',
  '$isw',
  '$ew',
  '$iew',
  '$lk',
  '$ilk',
  '$rx',
  '$lgt',
  '$lgte',
  '$llt',
  '$llte',
]) {
  Handler.prototype[name] = function (value, filter) {
    try {
      return utils.DocumentsHandler.prototype[name].call(this, value, filter);
    } catch (error) {
      if (error.code === 'ERR_SPREADABLE_VALIDATE_SCHEMA_WRONG_DATA_TYPE') return false;
      throw error;
    }
  };
}

/** Regular expressions inside `filter`. */
function expressions(filter) {
  if (filter === null || typeof filter !== 'object') return [];
  return Object.entries(filter).flatMap(([key, part]) =>
    key === '$rx' ? [part] : expressions(part),
  );
}

/** Whether JavaScript cannot read one of the expressions, in which case we refuse the filter at once. */
function hasWrongExpression(filter) {
  return expressions(filter).some(({ source, flags }) => {
    try {
      new RegExp(source, flags);
      return false;
    } catch {
      return true;
    }
  });
}

function matches(filter, document) {
  if (hasWrongExpression(filter)) return null;
  return new Handler().checkDocumentValue(
    document,
    utils.prepareDocumentFilter(structuredClone(filter)),
  );
}

/** Half of a surrogate pair, which a number in a path may name, is no text to us. */
function namesHalf([filter, document]) {
  return (
    /[\ud800-\udbff]/.test(JSON.stringify(document)) &&
    /"[^":]*[0-9][^":]*":/.test(JSON.stringify(filter))
  );
}

const node = Object.create(makeNode().prototype);
const collection = {
  constructor: { DocumentsHandler: utils.DocumentsHandler },
  duplicationKey: '$duplicate',
  prepareDocumentToGet: (document) => pickBy(document, (value, key) => !key.startsWith('$')),
};

/** A node that answers by itself, as slave, master and coordinator. */
async function answer(actions, documents) {
  const { documents: found } = await node.handleDocumentsGettingForSlave(
    collection,
    documents,
    actions,
  );
  const merged = await node.handleDocumentsGettingForButler(
    collection,
    [{ documents: found }],
    actions,
  );
  return node.handleDocumentsGettingForClient(collection, [merged], actions);
}

function changed(document, change, replaces) {
  const isSystem = (value, key) => key.startsWith('$');
  try {
    const result = replaces ? merge({}, change) : merge({}, document, omitBy(change, isSystem));
    return JSON.parse(JSON.stringify(result));
  } catch {
    return null; // a list was told to have a length that none can have
  }
}

/**
 * Whether a change treats lists as objects: names places far behind their end or other properties of them, or puts
 * a list where an object has a number as its length, which the package takes for a list.
 */
function mistakesLists(target, source) {
  if (
    target === null ||
    source === null ||
    typeof target !== 'object' ||
    typeof source !== 'object'
  )
    return false;
  if (Array.isArray(target) && !Array.isArray(source)) {
    if (Object.keys(source).some((key) => !(Number(key) <= target.length))) return true;
  }
  if (Array.isArray(source) && !Array.isArray(target) && Number.isInteger(target.length))
    return true;
  return Object.keys(source).some((key) => mistakesLists(target[key], source[key]));
}

/** Compares kCount results. `isAllowed(arguments, expected, got)` says which differences are documented. */
async function compare(t, name, theirs, isAllowed = () => false) {
  const calls = differentCalls(name);
  const results = await resultsOf('document_functions', calls);
  const faults = [];
  const counts = new Map();
  let allowed = 0;
  for (const [i, call] of calls.entries()) {
    const expected = await theirs(...structuredClone(call.slice(1)));
    const kind = typeof expected === 'object' ? 'object' : String(expected);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (isDeepStrictEqual(JSON.parse(JSON.stringify(expected)), results[i])) continue;
    if (isAllowed(call.slice(1), expected, results[i])) ++allowed;
    else faults.push(JSON.stringify({ call, expected, got: results[i] }));
  }
  const summary =
    name === 'matches'
      ? `, ${counts.get('true')} match, ${counts.get('null') ?? 'object'} refused`
      : '';
  t.diagnostic(`seed ${kSeed}: ${kCount} inputs${summary}, ${allowed} documented differences`);
  assert.deepEqual(faults.slice(0, 20), [], `${faults.length} of ${kCount} differ (seed ${kSeed})`);
}

describe('document functions', { concurrency: 1 }, () => {
  test('interop: documents: filters', (t) => compare(t, 'matches', matches, namesHalf));
  test('interop: documents: queries', (t) => compare(t, 'answer', answer));
  test('interop: documents: changes', (t) =>
    compare(t, 'changed', changed, ([document, change]) => mistakesLists(document, change)));
  test('interop: documents: sizes', (t) => compare(t, 'bytes', (document) => sizeof(document)));
});

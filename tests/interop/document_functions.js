// document_functions.js: documents, filters and queries at which two implementations might part, made by chance
// from a seed.

const kNames = ['a', 'b', 'c', 'd', 'long name', 'ä', 'b.c', 'a[0]', 'length', '0', '', 'A'];
const kPaths = [
  ...kNames,
  ...[
    'a.b',
    'a.b.c',
    'b[0]',
    'b.0',
    'a["b.c"]',
    "c['d']",
    'a.length',
    'a[0].b',
    'd.c[1]',
    'a[01]',
    'b[-1]',
  ],
  ...[
    '.a',
    'a.',
    'a..b',
    'a[]',
    'a[',
    '[0]',
    'b.c.length',
    'c[1][0]',
    'a[b]',
    'd.0.length',
    'long name.ä',
  ],
];
const kLetters = [...'abcABCxyzXYZ'];
const kText = [
  ...kLetters,
  ...kLetters,
  ...'0123456789 .,-_',
  ...'äÄßéжЖσΣςİıǅ',
  '😀',
  '𝒳',
  '～',
  '\n',
  '\u00a0',
];
const kNumberTexts = [
  '5',
  ' 5',
  '5.0',
  '05',
  '0x10',
  '0b11',
  '0o17',
  '1e3',
  '-1',
  '+7',
  '.5',
  '5.',
  '',
  ' ',
  'Infinity',
  '-Infinity',
  'NaN',
  '1_000',
  '5a',
  '1e400',
  '1e-400',
  '-0',
  '0.1',
  '0x',
  '\u00a07\ufeff',
  '--5',
  '1e',
  'infinity',
];

const small = (chance) => chance.whole(-3, 12);
const number = (chance) =>
  chance.one([
    small,
    small,
    small,
    (c) => small(c) / 4,
    (c) => c.next() * 1e6,
    (c) => (c.next() - 0.5) * 10 ** c.whole(-30, 30),
    () => 0,
    () => -0,
    () => 2 ** 53,
  ])(chance);
const text = (chance) =>
  chance.one([
    () => chance.text(kLetters, 1, 2),
    () => chance.text(kText, 0, 8),
    () => chance.one(kNumberTexts),
    () => String(small(chance)),
    () => chance.one(['true', 'false', 'null', '[object Object]', '1,2', 'abc', 'aBc']),
  ])();

const scalar = (chance) =>
  chance.one([number, number, text, text, text, (c) => c.chance(0.5)])(chance);

/** Any value of a document, at most `depth` levels deep. */
function value(chance, depth = 3) {
  const kind = depth > 0 ? chance.whole(0, 9) : chance.whole(0, 5);
  if (kind < 5) return scalar(chance);
  if (kind === 5) return chance.chance(0.3) ? null : scalar(chance);
  if (kind < 8) return chance.many(0, 3, () => value(chance, depth - 1));
  return object(chance, depth - 1);
}

function object(chance, depth) {
  return Object.fromEntries(chance.many(0, 4, () => [chance.one(kNames), value(chance, depth)]));
}

export function document(chance) {
  return { a: value(chance), ...object(chance, 3) };
}

const withoutNull = (item) => JSON.parse(JSON.stringify(item, (key, part) => part ?? 0));

/** `item` with numbers that are written alike by all. */
const wholeNumbers = (item) =>
  JSON.parse(
    JSON.stringify(item, (key, part) =>
      typeof part === 'number' ? Math.round(part % 1000) : part,
    ),
  );

/** A value that `document` holds somewhere, or one like it, so that filters match now and then. */
function likely(chance, document) {
  const found = [];
  const gather = (item) => {
    if (item !== null && typeof item === 'object') Object.values(item).forEach(gather);
    else if (item !== null) found.push(item);
  };
  gather(document);
  if (!found.length || chance.chance(0.3))
    return chance.chance(0.8) ? scalar(chance) : withoutNull(value(chance, 2));
  const item = chance.one(found);
  return chance.one([
    item,
    item,
    item,
    String(item),
    Number.isFinite(Number(item)) ? Number(item) : 0,
    [item],
    typeof item === 'string' ? [...item].slice(0, chance.whole(0, 4)).join('') : item,
  ]);
}

function part(chance, document) {
  const whole = String(likely(chance, document));
  const from = chance.whole(0, whole.length);
  // Cut between code points: half of a surrogate pair cannot be sent.
  const piece = [...whole].slice(from, from + chance.whole(0, 3)).join('');
  return chance.one([piece, piece, piece.toUpperCase(), piece.toLowerCase(), text(chance)]);
}

const kAtoms = [
  'a',
  'b',
  'B',
  'x',
  '5',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\D',
  '\\W',
  '\\S',
  '[a-c]',
  '[^a-c]',
  '[A-Zä]',
  '[\\d.]',
  '[^\\s]',
  '[]',
  '[^]',
  '\\.',
  '\\x41',
  '\\u0042',
  'ж',
  'Σ',
  'ä',
  '😀',
  '[😀a]',
  '\\n',
  '\\0',
  '\\/',
  ' ',
  '-',
  '(?:ab|b)',
  '(a|bc)',
  '(?<n>b)',
  '\\b',
  '\\B',
  '^',
  '$',
];
const kQuantifiers = [
  '',
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{1,2}',
  '{0,}',
  '{,2}',
  '{',
  '}',
];

function regex(chance) {
  const piece = () => chance.one(kAtoms) + chance.one(kQuantifiers);
  const source = chance.many(1, 4, piece).join('') + (chance.chance(0.2) ? `|${piece()}` : '');
  const flags = chance.one(['', '', '', 'i', 'g', 's', 'u', 'iu', 'y', 'gi', 'm', 'su']);
  return chance.chance(0.3) ? { source } : { source, flags };
}

const kComparisons = ['$eq', '$ne', '$eqs', '$nes', '$gt', '$gte', '$lt', '$lte'];
const kLengths = ['$lgt', '$lgte', '$llt', '$llte'];
const kSearches = ['$sw', '$isw', '$ew', '$iew', '$lk', '$ilk'];

function operation(chance, document) {
  return chance.one([
    () => [chance.one(kComparisons), likely(chance, document)],
    () => [chance.one(kComparisons), likely(chance, document)],
    () => [chance.one(['$in', '$nin']), chance.many(0, 4, () => likely(chance, document))],
    () => [chance.one(kSearches), part(chance, document)],
    () => [
      chance.one(kLengths),
      chance.chance(0.8) ? chance.whole(0, 3) : likely(chance, document),
    ],
    () => ['$rx', regex(chance)],
  ])();
}

/** A path and what stands there, most often one that leads somewhere in `document`. */
function path(chance, document) {
  if (chance.chance(0.2)) return [chance.one(kPaths), document];
  let place = document;
  const parts = [];
  do {
    const keys = Object.keys(place);
    if (!keys.length) break;
    const key = chance.one(keys);
    parts.push(Array.isArray(place) && chance.chance(0.5) ? `[${key}]` : key);
    place = place[key];
  } while (place !== null && typeof place === 'object' && chance.chance(0.7));
  if (typeof place === 'string' && chance.chance(0.1)) parts.push('length');
  return [parts.join('.').replaceAll('.[', '['), place];
}

/** A condition on `value`. */
function condition(chance, value, depth) {
  const kind = depth > 0 ? chance.whole(0, 9) : chance.whole(0, 7);
  if (kind < 3) return likely(chance, value);
  if (kind < 8)
    return Object.fromEntries(
      chance.many(1, chance.one([1, 1, 2]), () => operation(chance, value)),
    );
  return filter(chance, value, depth - 1);
}

export function filter(chance, value, depth = 3) {
  const isObject = value !== null && typeof value === 'object';
  const member = () => {
    if (depth > 0 && chance.chance(0.15))
      return [
        chance.one(['$and', '$or', '$or']),
        chance.many(0, 3, () => condition(chance, value, depth - 1)),
      ];
    const [place, inside] = isObject ? path(chance, value) : [chance.one(kPaths), value];
    return [place, condition(chance, inside, depth)];
  };
  return Object.fromEntries(chance.many(1, chance.one([1, 1, 2]), member));
}

/** Documents whose fields hold values of one kind each, since other orders contradict themselves. */
function table(chance) {
  const row = (c) => {
    const fields = {
      n: small(c),
      t: c.text(kText, 0, 3),
      x: c.next(),
      o: { n: small(c) },
      $duplicate: c.one([String(small(c)), small(c), c.text(kLetters, 1, 2)]),
    };
    for (const name of Object.keys(fields)) {
      if (name !== '$duplicate' && c.chance(0.15)) fields[name] = null;
      else if (name !== '$duplicate' && c.chance(0.15)) delete fields[name];
    }
    return fields;
  };
  return chance.many(0, 12, row);
}

const kSortPaths = ['n', 't', 'x', 'o.n', 't.length', 'missing'];
const sortRule = (chance) =>
  chance.one([
    (c) => c.one(kSortPaths),
    (c) => [c.one(kSortPaths), c.one(['asc', 'desc', 'DESC'])],
    (c) => [c.one(kSortPaths)],
  ])(chance);

function actions(chance) {
  return {
    sort: chance.one([null, [], chance.many(1, 3, sortRule)]),
    fields: chance.chance(0.3) ? chance.many(0, 3, (c) => c.one(['n', 't', 'o', 'o.n'])) : null,
    offset: chance.one([0, 0, 1, 2, 0.5, null, '0', -1]),
    limit: chance.one([0, 0, 1, 3, 5, -2, 2.5, null]),
    removeDuplicates: chance.chance(0.7),
  };
}

/** For each function: the arguments of one call. */
export const kInputs = {
  matches: (chance) => {
    const own = document(chance);
    return [filter(chance, own), own];
  },
  answer: (chance) => [actions(chance), table(chance)],
  changed: (chance) => [document(chance), withoutNull(document(chance)), chance.chance(0.2)],
  bytes: (chance) => [wholeNumbers(document(chance))],
};

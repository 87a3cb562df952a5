// pure_functions.js: inputs at which two implementations might part, made by chance from a seed.

/** Chance that can be had again: the same seed gives the same choices. */
export class Chance {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  chance(share) {
    return this.next() < share;
  }
  one(list) {
    return list[this.whole(0, list.length - 1)];
  }
  many(low, high, make) {
    return Array.from({ length: this.whole(low, high) }, () => make(this));
  }
  text(alphabet, low, high) {
    return this.many(low, high, () => this.one(alphabet)).join('');
  }
}

const kLetters = [...'abcdefghijklmnopqrstuvwxyz'];
const kDigits = [...'0123456789'];
const kHex = [...'0123456789abcdefABCDEF'];
const kForeign = [...'äßéñжйλ例えي'];
const kOdd = [...' \t\n"\'\\/@#%&?=+~!$()<>{}[]|;,_-.:*^`\u0000\u007f', '🙂', '\u200b', '\ufeff'];
const kAny = [...kLetters, ...'ABCXYZ', ...kDigits, ...kForeign, ...kOdd];

/** A number near zero, near a power of ten, or anywhere up to `limit`; whole unless `hasFraction`. */
function number(chance, limit, hasFraction = false) {
  const size = chance.one([
    () => chance.whole(0, 10),
    () => 10 ** chance.whole(0, Math.floor(Math.log10(limit))) + chance.whole(-2, 2),
    () => chance.next() * limit,
  ])();
  return hasFraction && chance.chance(0.5) ? size * chance.next() : Math.max(0, Math.round(size));
}

function decimal(chance) {
  const short = () => String(number(chance, 1e5));
  const whole = chance.one([
    short,
    short,
    short,
    short,
    () => String(number(chance, 1e9)),
    () => '007',
    () => '',
    () => '9'.repeat(chance.whole(1, 25)),
  ])();
  const fraction = chance.one([
    '',
    '',
    '',
    '.5',
    `.${chance.text(kDigits, 1, 6)}`,
    `.${chance.text(kDigits, 1, 20)}`,
    '.0',
    '.000000001',
    '.',
  ]);
  const text = chance.one(['', '', '', '', '', '-', '+']) + whole + fraction;
  return chance.chance(0.05) ? damaged(chance, text) : text;
}

/** `text` in any case. */
const cased = (chance, text) =>
  chance.one([
    text,
    text.toUpperCase(),
    [...text].map((c) => (chance.chance(0.5) ? c : c.toUpperCase())).join(''),
  ]);
const spaces = (chance) => chance.one(['', '', '', '', '', ' ', '  ', '\t', '\n', '\u00a0']);
/** Blanks where some may stand; elsewhere only now and then. */
const stray = (chance) => (chance.chance(0.05) ? spaces(chance) : '');

const kTimeUnits = [
  '',
  'ms',
  'msec',
  'msecs',
  'millisecond',
  'milliseconds',
  's',
  'sec',
  'secs',
  'second',
  'seconds',
  'm',
  'min',
  'mins',
  'minute',
  'minutes',
  'h',
  'hr',
  'hrs',
  'hour',
  'hours',
  'd',
  'day',
  'days',
  'w',
  'week',
  'weeks',
  'y',
  'yr',
  'yrs',
  'year',
  'years',
  'mo',
  'us',
  'sx',
  '%',
];
const kSizeUnits = ['', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'kb', 'mb', 'k', 'kib', 'eb', 'bytes'];

function unitText(units) {
  return (chance) => {
    if (chance.chance(0.05)) return [chance.text(kAny, 0, 12)];
    return [
      stray(chance) +
        decimal(chance) +
        spaces(chance) +
        cased(chance, chance.one(units)) +
        stray(chance),
    ];
  };
}

const octet = (chance) =>
  chance.one([
    () => chance.whole(0, 255),
    () => chance.whole(0, 300),
    () => `0${chance.whole(0, 99)}`,
    () => '',
  ])();
const ipv4 = (chance) =>
  Array.from({ length: chance.one([4, 4, 4, 4, 3, 5]) }, () => octet(chance)).join('.');

function ipv6(chance) {
  const group = () => chance.text(kHex, 1, chance.chance(0.95) ? 4 : 5);
  const groups = Array.from({ length: chance.one([8, 8, 7, 6, 4, 2, 1, 9]) }, group);
  if (chance.chance(0.5)) groups.splice(chance.whole(0, groups.length), chance.whole(0, 3), '');
  if (chance.chance(0.1)) groups.push(ipv4(chance));
  const text = groups.join(':');
  return chance.one([
    text,
    `:${text}`,
    `${text}:`,
    '::1',
    '::',
    `::ffff:${ipv4(chance)}`,
    `${text}%eth0`,
  ]);
}

function label(chance) {
  const alphabet = chance.one([
    kLetters,
    kLetters,
    [...kLetters, ...kDigits],
    [...kLetters, ...kDigits, '-'],
    [...kLetters, '_'],
    kForeign,
    [...kLetters, ...kOdd],
  ]);
  return chance.text(alphabet, 0, chance.chance(0.9) ? 12 : 70);
}

/** Names as people have them; the package's rule about their tail refuses some. */
function plainDomain(chance) {
  const labels = chance.many(1, 3, () =>
    chance.text([...kLetters, ...kLetters, ...kDigits, '-'], 1, 10),
  );
  return [
    ...labels,
    chance.one(['com', 'org', 'local', 'io', 'co.uk', chance.text(kLetters, 1, 5)]),
  ].join('.');
}

function domain(chance) {
  const last = chance.one(['com', 'org', 'local', 'io', 'c', 'c0m', 'рф', 'xn--p1ai', '']);
  const labels = chance.many(0, 4, label);
  return chance.one([
    [...labels, last].join('.'),
    `${label(chance)}.${last}`,
    'localhost',
    `localhost${label(chance)}`,
    `${label(chance)}localhost`,
    label(chance),
  ]);
}

/** `text` with one character put in, taken out or replaced somewhere. */
function damaged(chance, text) {
  const characters = [...text];
  const at = chance.whole(0, characters.length);
  characters.splice(at, chance.whole(0, 1), ...chance.one([[], [chance.one(kAny)]]));
  return characters.join('');
}

function port(chance) {
  return chance.one([
    () => String(chance.whole(0, 65_535)),
    () => String(chance.whole(1_024, 9_999)),
    () =>
      chance.one([
        '0',
        '65535',
        '65536',
        '',
        '-1',
        '00080',
        '8e3',
        '0x50',
        ' 80',
        '80 ',
        '1.5',
        '+80',
        'http',
        '99999999999',
        '٣',
      ]),
    () => chance.text(kAny, 0, 6),
  ])();
}

function address(chance) {
  if (chance.chance(0.5))
    return [
      `${chance.one([plainDomain, plainDomain, plainDomain, ipv4, (c) => `[${ipv6(c)}]`])(chance)}:${chance.whole(0, 65_535)}`,
    ];
  const host = chance.one([domain, domain, ipv4, (c) => `[${ipv6(c)}]`, ipv6])(chance);
  const text = chance.one([
    `${host}:${port(chance)}`,
    `${host}:${port(chance)}`,
    `${host}:${chance.whole(1, 65_535)}`,
    host,
    `${host}:${port(chance)}:${port(chance)}`,
  ]);
  return [chance.chance(0.15) ? damaged(chance, text) : text];
}

const peer = (chance) =>
  `${chance.one(['localhost', 'a.example.com', 'b.example.org', 'пример.рф', `10.0.0.${chance.whole(0, 9)}`])}:${chance.whole(0, 65_535)}`;

/** For each function: the arguments of one call. */
export const kInputs = {
  address,
  budget: (chance) => [
    chance.chance(0.1) ? null : chance.one([1, -1, 1, 1]) * number(chance, 1e6, true),
    chance.many(0, 5, () => Math.max(0.001, number(chance, 1e5, true))),
    chance.one([0, 0, 1_000, number(chance, 5_000)]),
    chance.chance(0.5),
  ],
  hash: (chance) => [chance.many(0, 6, () => chance.text(kAny, 0, 40))],
  order: (chance) => [chance.many(0, 30, peer), chance.whole(0, 6_000_000) * 300_000],
  period: (chance) => [
    number(chance, 4e15) * (chance.chance(0.1) ? -1 : 1),
    Math.max(1, number(chance, 1e10)),
  ],
  'short-time': (chance) => [number(chance, 1e12, true) * (chance.chance(0.1) ? -1 : 1)],
  size: unitText(kSizeUnits),
  time: unitText(kTimeUnits),
};

// exchanges/differences.js: where nodes of ours answer differently from the package's, on purpose. Each row of the
// table of exchanges that differs stands in exactly one of these; docs/compatibility.md shows them all.

const kPages = ['/client/get-available-node', '/status', '/page'];
const kClosedTargets = [
  'GET /status',
  'GET /page',
  'POST /client/get-available-node',
  'POST /api/node/structure',
  'POST /client/no-such-route',
  'HEAD /status',
];
const each = (start, ends) => ends.map((end) => start + end);

/** `rows` are names of rows; `ours` is the status that our node answers with. */
export const kDifferences = [
  // Addresses and senders.
  {
    name: 'exact addresses',
    ours: 403,
    rows: ['"localhost:"', '"localhost:1.5"'].flatMap((value) =>
      each(`original-address: ${value} to `, ['/api/node/structure', ...kPages]),
    ),
    reason:
      'A port is a whole number, written out. An address is an identity and is compared byte by byte.',
  },
  {
    name: 'named senders on client routes',
    ours: 200,
    rows: each('original-address: "no-such-host.invalid:1" to ', kPages),
    reason:
      "Where the sender need not be a node, its socket's address is what lists are compared with, so a name that it gives itself is not looked up.",
  },
  {
    name: 'IPv6 clients',
    ours: 200,
    rows: ['"2001:db8::7"', '"::ffff:10.0.0.9"'].flatMap((ip) =>
      each(`x-forwarded-for: ${ip} to `, kPages),
    ),
    reason: 'A client with an IPv6 address is a client like any other.',
  },
  {
    name: 'forwarded addresses that are none',
    ours: 200,
    rows: each('x-forwarded-for: "garbage" to ', ['/api/node/structure', ...kPages]),
    reason: 'What is no IP address is ignored; the client is then the proxy.',
  },
  // Bodies.
  {
    name: 'JSON of bounded depth and range',
    ours: 400,
    rows: ['json: huge number', 'json: long number', 'json: 100 levels', 'json: 2000 levels'],
    reason:
      'A number must fit a double, and values nest at most 64 deep: what is taken in can be told on.',
  },
  {
    name: 'JSON is Unicode',
    ours: 400,
    rows: ['json: lone surrogate', 'json: bytes that are no UTF-8'],
    reason: 'Texts must be valid Unicode, so that every node hashes and compares the same bytes.',
  },
  {
    name: 'Brotli is read',
    ours: 200,
    rows: ['content coding: brotli'],
    reason: 'Brotli is a content coding that clients use.',
  },
  {
    name: 'no UTF-7',
    ours: 415,
    rows: ['content type: utf-7'],
    reason: 'UTF-7 is refused, as browsers do.',
  },
  {
    name: 'an empty body has no coding',
    ours: 200,
    rows: ['content type: unknown charset, empty body', 'content coding: gzip, no body'],
    reason: 'Without a body there is nothing to decode; it counts as an empty object.',
  },
  {
    name: 'codings are checked for every type',
    ours: 415,
    rows: ['content coding: unknown, of a text'],
    reason: 'The server undoes content codings before it knows who reads the body.',
  },
  {
    name: 'the limit counts for every type',
    ours: 413,
    rows: ['size: over the limit, of no type'],
    reason: 'No body above server.maxBodySize is taken in, whether or not anybody reads it.',
  },
  {
    name: 'expectations',
    ours: 200,
    rows: ['size: another expectation'],
    reason: 'An expectation other than 100-continue is ignored.',
  },
  // Requests that are not quite HTTP.
  {
    name: 'refusals of broken requests are JSON',
    ours: 400,
    rows: [
      'size: chunked, bad size',
      'request line: no host',
      'request line: HTTP/1.2',
      'request line: no target',
      'request line: blank in the target',
      'request line: no slash',
      'request line: no HTTP',
      'request line: bytes above 127',
      'fields: blank before the colon',
      'fields: no colon',
      'fields: no name',
      'fields: folded',
      'fields: NUL in a value',
      'fields: odd name',
      'length: negative',
      'length: no number',
      'length: twice the same',
      'length: twice, different',
      'length: plus sign',
      'length: list',
      'length: with chunked',
      'length: unknown transfer coding',
      'length: gzip as transfer coding',
    ],
    reason: 'Every refusal has a body of the usual form, and a page may read it.',
  },
  {
    name: 'refusals of large heads are JSON',
    ours: 431,
    rows: ['request line: head over 16 KiB', 'request line: target over 16 KiB'],
    reason: 'As above.',
  },
  {
    name: 'strict reading',
    ours: 400,
    rows: [
      'request line: two hosts',
      'request line: HTTP/2.0',
      'request line: HTTP/0.9',
      'request line: two blanks',
      'request line: star',
      'request line: CONNECT',
      'request line: fragment',
    ],
    reason:
      'What two programs could read in two ways is refused, so that no request hides in another.',
  },
  {
    name: 'lines end with CR LF',
    ours: 408,
    rows: ['request line: bare line feeds'],
    reason: 'A bare line feed ends no line; the head is waited for until its deadline.',
  },
  {
    name: 'a hundred fields',
    ours: 431,
    rows: ['request line: 150 fields'],
    reason: 'A head has at most 100 fields.',
  },
  {
    name: 'other methods',
    ours: 404,
    rows: ['request line: lower-case method', 'request line: unknown method'],
    reason: 'A method of which no route knows is one that has no route.',
  },
  // Paths and queries.
  {
    name: 'empty path segments',
    ours: 404,
    rows: [
      'spelling: POST /client//get-available-node',
      'spelling: POST /api//node/structure',
      'spelling: POST /api/node//structure',
    ],
    reason: 'An empty segment is part of a path and matches no route.',
  },
  {
    name: 'pretty is a plain key',
    ours: 200,
    rows: ['spelling: GET /status?pretty[]=1', 'spelling: GET /status?pretty[a]=1'],
    reason: 'Only the key `pretty` itself asks for the form for people.',
  },
  // Joining, stages, votes.
  {
    name: 'targets without an address',
    ours: 422,
    rows: ['register: target: not resolvable'],
    reason: 'A name that does not resolve is an invalid target.',
  },
  {
    name: 'large budgets are cut',
    ours: 200,
    rows: [
      'budget: huge for an available node',
      'budget: huge for a registration',
      'budget: huge for a stage',
    ],
    reason: 'No request runs for longer than a minute, whatever its budget.',
  },
  {
    name: 'levels are numbers',
    ours: 422,
    rows: ['stage: butler, level "1"', 'stage: slave, level "0"', 'stage: slave, level null'],
    reason: 'The level of a stage is a number from 0 to 1, as nodes send it.',
  },
  {
    name: 'interview of the registrant',
    ours: 422,
    rows: ['interview: otherAddress'],
    reason: 'The summary must name the address that is being registered.',
  },
  {
    name: 'summaries with more in them',
    ours: 200,
    rows: ['interview: moreInSummary'],
    reason: 'Higher layers tell more about themselves; what is not known is ignored.',
  },
  {
    name: 'null is no wish',
    ours: 200,
    rows: ['approval info: info null'],
    reason: 'A client that has no wishes may say so.',
  },
  {
    name: 'keys are texts',
    ours: 422,
    rows: ['approver info: key object'],
    reason: 'A key that is no text is one that nobody has added.',
  },
  // Closed networks.
  {
    name: 'cookies that are none',
    ours: 401,
    rows: ['JSON', 'base64'].flatMap((form) =>
      each(`closed: cookie that is no ${form}: `, kClosedTargets),
    ),
    reason: 'A cookie that cannot be read counts as absent.',
  },
];

/** The differences as the table of docs/compatibility.md. */
export function differencesTable() {
  const lines = kDifferences.map(
    ({ name, rows, ours, reason }) =>
      `| ${name} | ${rows.map((row) => `\`${row.replaceAll('|', '\\|')}\``).join(', ')} | ${ours} | ${reason} |`,
  );
  return ['| what | exchanges | status | why |', '|---|---|---|---|', ...lines].join('\n');
}

/** The difference that a row stands in, or undefined. */
export function differenceOf(name) {
  return kDifferences.find(({ rows }) => rows.includes(name));
}

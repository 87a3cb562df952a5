// exchanges/membership.js: joining, and what clients ask about the network.
import http from 'node:http';

import { row, rows } from './table.js';

/** What somebody who wants to register answers to the interview; null: nothing at all. */
const kInterviews = {
  good: (side) => ({ summary: { address: side } }),
  otherAddress: () => ({ summary: { address: 'localhost:2' } }),
  invalidAddress: () => ({ summary: { address: 'x' } }),
  noSummary: () => ({}),
  nullSummary: () => ({ summary: null }),
  listSummary: () => ({ summary: [] }),
  moreInSummary: (side) => ({ summary: { address: side, more: 1 } }),
  moreInAnswer: (side) => ({ summary: { address: side }, more: 1 }),
  ownAddressInAnswer: (side) => ({ summary: { address: side }, address: side }),
  list: () => [],
  number: () => 1,
  refusal: () => ({ status: 422, message: 'no', code: 'ERR_ANY' }),
  failure: () => ({ status: 500, message: 'no' }),
  denial: () => ({ status: 403, message: 'no' }),
  noJson: () => 'text',
  nothing: () => null,
};

/** Starts one fake node for each kind of interview; gives their addresses by name. */
export async function startFakeNodes(t) {
  const addresses = {};
  for (const [name, interview] of Object.entries(kInterviews)) {
    const server = http.createServer((request, response) => {
      request.resume();
      const self = `localhost:${server.address().port}`;
      const isInterview = request.url.endsWith('/get-interview-summary');
      const answer = isInterview
        ? interview(self)
        : { address: self, backlink: null, slaves: [], masters: [] };
      if (answer === null) return; // and the caller waits
      const { status = 200, ...body } = answer;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        answer === 'text'
          ? '<html>'
          : JSON.stringify(typeof answer !== 'object' || Array.isArray(answer) ? answer : body),
      );
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(
      () =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    );
    addresses[name] = `localhost:${server.address().port}`;
  }
  return addresses;
}

const kTargets = [
  ['none', () => ({})],
  ['null', () => ({ target: null })],
  ['number', () => ({ target: 1 })],
  ['empty', () => ({ target: '' })],
  ['list', () => ({ target: ['localhost:1'] })],
  ['object', () => ({ target: { address: 'localhost:1' } })],
  ['true', () => ({ target: true })],
  ['own address', (side) => ({ target: side.address })],
  ['host only', () => ({ target: 'localhost' })],
  ['no host', () => ({ target: ':1' })],
  ['junk', () => ({ target: 'junk' })],
  ['port over the range', () => ({ target: 'localhost:65536' })],
  ['port in words', () => ({ target: 'localhost:http' })],
  ['other machine', () => ({ target: '10.1.1.1:7101' })],
  ['not resolvable', () => ({ target: 'no-such-host.invalid:1' })],
  ['IPv6', () => ({ target: '[::1]:1' })],
  ['nobody there', () => ({ target: 'localhost:1' })],
  ['text with blanks', () => ({ target: ' localhost:1 ' })],
  ['URL', () => ({ target: 'http://localhost:1' })],
];
const targets = ['register', 'provide-registration'].flatMap((route) =>
  rows(
    `${route}: target`,
    'POST',
    `/api/node/${route}`,
    kTargets.map(([what, body]) => [what, (side) => ({ body: body(side) })]),
  ),
);

const kBudgets = [
  ['none', () => ({})],
  ['plenty', (now) => ({ timeout: 5_000, timestamp: now })],
  ['number as text', (now) => ({ timeout: '5000', timestamp: String(now) })],
  ['zero', (now) => ({ timeout: 0, timestamp: now })],
  ['null', () => ({ timeout: null, timestamp: null })],
  ['in words', () => ({ timeout: 'soon', timestamp: 'now' })],
  ['without timestamp', () => ({ timeout: 5_000 })],
  ['fraction', (now) => ({ timeout: 1500.5, timestamp: now })],
  ['list', () => ({ timeout: [1] })],
  ['object', () => ({ timeout: {} })],
  ['true', () => ({ timeout: true })],
  ['huge', (now) => ({ timeout: 1e15, timestamp: now })],
];
const budgets = kBudgets.flatMap(([what, budget]) => [
  row(`budget: ${what} for an available node`, 'POST', '/client/get-available-node', () => ({
    body: budget(Date.now()),
  })),
  row(`budget: ${what} for a registration`, 'POST', '/api/node/provide-registration', () => ({
    body: { target: 'localhost:1', ...budget(Date.now()) },
  })),
  row(`budget: ${what} for a stage`, 'POST', '/api/butler/echo-address', () => ({
    body: { level: 1, ...budget(Date.now()) },
  })),
]);

const kLevels = [
  ['butler', undefined],
  ['butler', 1],
  ['butler', '1'],
  ['slave', undefined],
  ['slave', 0],
  ['slave', 1],
  ['slave', '0'],
  ['slave', null],
];
const stages = kLevels.map(([stage, level]) =>
  row(
    `stage: ${stage}, level ${JSON.stringify(level)}`,
    'POST',
    `/api/${stage}/echo-address`,
    () => ({ body: { level, timeout: 4_000, timestamp: Date.now() } }),
  ),
);

// The last rows, as they change the lists of slaves until the next sync.
const interviews = Object.keys(kInterviews).map((kind) =>
  row(`interview: ${kind}`, 'POST', '/api/node/register', (side) => ({
    headers: { 'original-address': side.fakes[kind] },
    body: { target: side.fakes[kind], timeout: 3_000, timestamp: Date.now() },
  })),
);
const again = row('interview: registered already', 'POST', '/api/node/register', (side) => ({
  body: { target: side.fakes.good },
}));

export default [...targets, ...budgets, ...stages, ...interviews, again];

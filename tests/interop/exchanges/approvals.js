// exchanges/approvals.js: the vote `client`, of kind client-ip, step by step and out of step.
import { row, rows } from './table.js';

const kHash = '0123456789abcdef0123456789abcdef';
const post = (name, route, cases) => rows(name, 'POST', route, cases);

const kActions = [
  ['none', {}],
  ['null', { action: null }],
  ['empty', { action: '' }],
  ['unknown', { action: 'nothing' }],
  ['number', { action: 1 }],
  ['list', { action: ['client'] }],
  ['object', { action: {} }],
  ['true', { action: true }],
  ['of Object', { action: 'constructor' }],
];
const actions = [
  '/client/request-approval-key',
  '/client/add-approval-info',
  '/client/request-approval-question',
  '/api/node/get-approval-info',
].flatMap((route) =>
  post(
    `approval action: ${route}`,
    route,
    kActions.map(([what, body]) => [what, { body }]),
  ),
);

const add = (body) => (side) => ({
  body: { action: 'client', key: side.key, startedAt: side.startedAt, ...body?.(side) },
});
const additions = post('approval info', '/client/add-approval-info', [
  ['right', add()],
  ['again', add()],
  ['started before', add((side) => ({ startedAt: side.startedAt - 300_000 }))],
  ['started two periods before', add((side) => ({ startedAt: side.startedAt - 600_000 }))],
  ['starting later', add((side) => ({ startedAt: side.startedAt + 300_000 }))],
  ['started within a period', add((side) => ({ startedAt: side.startedAt + 1 }))],
  ['start as text', add((side) => ({ startedAt: String(side.startedAt) }))],
  ['no start', add(() => ({ startedAt: undefined }))],
  ['start null', add(() => ({ startedAt: null }))],
  ['start list', add(() => ({ startedAt: [] }))],
  ['start true', add(() => ({ startedAt: true }))],
  ['info null', add(() => ({ info: null }))],
  ['info object', add(() => ({ info: {} }))],
  ['info text', add(() => ({ info: 'x' }))],
  ['info number', add(() => ({ info: 0 }))],
  ['key of another form', add(() => ({ key: 'x' }))],
  ['unknown action first', add(() => ({ action: 'x', startedAt: 1, info: 1 }))],
]);

const ask = (body) => (side) => ({
  body: {
    action: 'client',
    key: side.key,
    confirmedAddresses: side.approvers,
    timeout: 5_000,
    timestamp: Date.now(),
    ...body?.(side),
  },
});
const questions = post('approval question', '/client/request-approval-question', [
  ['right', ask()],
  ['nobody confirmed', ask(() => ({ confirmedAddresses: [] }))],
  ['no confirmations', ask(() => ({ confirmedAddresses: undefined }))],
  ['info where none belongs', ask(() => ({ info: {} }))],
  ['unknown key', ask(() => ({ key: kHash }))],
  [
    'silent approvers',
    ask(() => ({ confirmedAddresses: ['localhost:1', 'localhost:2', 'localhost:3'] })),
  ],
  ['unknown action', ask(() => ({ action: 'x' }))],
]);

const infos = post('approver info', '/api/node/get-approval-info', [
  ['right', (side) => ({ body: { action: 'client', key: side.ownKey } })],
  ['again', (side) => ({ body: { action: 'client', key: side.ownKey } })],
  ['unknown key', { body: { action: 'client', key: kHash } }],
  ['no key', { body: { action: 'client' } }],
  ['key null', { body: { action: 'client', key: null } }],
  ['key number', { body: { action: 'client', key: 1 } }],
  ['key object', { body: { action: 'client', key: {} } }],
  ['unknown action, right key', (side) => ({ body: { action: 'x', key: side.ownKey } })],
]);

const check = (body) => (side) => ({
  body: {
    key: side.ownKey,
    answer: '127.0.0.1',
    approvers: [side.address],
    clientIp: '127.0.0.1',
    ...body,
  },
});
const own = (side) => ({ body: { action: 'client', key: side.ownKey, startedAt: side.startedAt } });
const restore = row(
  'approval info: once more before the question',
  'POST',
  '/client/add-approval-info',
  add(),
);
const replace = row('approval info: under another key', 'POST', '/client/add-approval-info', own);
const answers = post('approver answer', '/api/node/check-approval-answer', [
  ['unknown key', check({ key: kHash })],
  ['no key', check({ key: undefined })],
  ['other client', check({ clientIp: '127.0.0.2' })],
  ['wrong', check({ answer: '127.0.0.2' })],
  ['used up', check()],
]);
const second = (from) => (side) => ({ headers: { 'original-address': from }, ...check()(side) });
const senders = post('approver answer', '/api/node/check-approval-answer', [
  ['right, of a second node', second('localhost:2')],
  [
    'right, of a third node, mapped ip',
    (side) => {
      const request = second('localhost:3')(side);
      return {
        ...request,
        body: { ...request.body, answer: '::ffff:127.0.0.1', clientIp: '::ffff:7f00:1' },
      };
    },
  ],
]);

const ballot =
  (change = {}) =>
  (side) => ({
    action: 'client',
    key: side.key,
    startedAt: side.startedAt,
    clientIp: side.clientIp,
    approvers: side.approvers,
    answer: side.clientIp,
    ...(typeof change === 'function' ? change(side) : change),
  });
const guarded = (change) => (side) => ({
  body: { approvalInfo: ballot(change)(side), timeout: 5_000, timestamp: Date.now() },
});
const guards = post('guarded', '/client/guarded', [
  ['nothing', {}],
  ['null', { body: { approvalInfo: null } }],
  ['empty text', { body: { approvalInfo: '' } }],
  ['no JSON', { body: { approvalInfo: '{' } }],
  ['JSON number', { body: { approvalInfo: '1' } }],
  ['number', { body: { approvalInfo: 1 } }],
  ['list', { body: { approvalInfo: [] } }],
  ['empty object', { body: { approvalInfo: {} } }],
  ['unknown action', guarded({ action: 'x' })],
  ['no start', guarded({ startedAt: undefined })],
  ['start as text', guarded((side) => ({ startedAt: String(side.startedAt) }))],
  ['old', guarded({ startedAt: 300_000 })],
  ['more than belongs', guarded({ more: 1 })],
  ['right', guarded()],
  ['right, used up', guarded()],
  ['no answer', guarded({ answer: undefined })],
  ['answer null', guarded({ answer: null })],
  ['answer no ip', guarded({ answer: 'x' })],
  ['answer number', guarded({ answer: 1 })],
  ['no key', guarded({ key: undefined })],
  ['key number', guarded({ key: 1 })],
  ['client ip no ip', guarded({ clientIp: 'x' })],
  ['no client ip', guarded({ clientIp: undefined })],
  ['no approvers', guarded({ approvers: undefined })],
  ['approvers text', guarded({ approvers: 'x' })],
  ['approvers empty', guarded({ approvers: [] })],
  ['approver no address', guarded({ approvers: ['x'] })],
  ['approvers twice', guarded((side) => ({ approvers: [...side.approvers, ...side.approvers] }))],
  ['others for approvers', guarded({ approvers: ['localhost:1', 'localhost:2'] })],
  ['unknown key', guarded({ key: kHash })],
  ['wrong answer', guarded({ answer: '127.0.0.9' })],
]);
const inQuery = row('guarded: no JSON in the query', 'POST', '/client/guarded?approvalInfo=%7B');
const emptyQuery = row('guarded: empty in the query', 'POST', '/client/guarded?approvalInfo=');
const keys = post('approval key', '/client/request-approval-key', [
  ['right', { body: { action: 'client' } }],
  ['with a budget', () => ({ body: { action: 'client', timeout: 5_000, timestamp: Date.now() } })],
]);

// A node of the package keeps one ballot per action and client: the order of the rows is that of a vote.
export default [
  ...keys,
  ...actions,
  ...additions,
  restore,
  ...questions,
  ...guards,
  inQuery,
  emptyQuery,
  replace,
  ...infos,
  ...answers,
  ...senders,
];

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, deadAddress, reply, silent, startNode } from './fake_node.js';

const approverRoutes = { 'POST /client/add-approval-info': { success: true } };

/** A coordinator with `approvers`, and a client of it. */
async function committee(t, approvers, key = {}) {
  const { node, client } = await connect(t, {
    'POST /client/request-approval-key': {
      approvers,
      key: 'k1',
      startedAt: 1795176300000,
      clientIp: '127.0.0.1',
      ...key,
    },
    'POST /client/request-approval-question': { question: 'who are you?' },
  });
  return { coordinator: node, client };
}

/** The fields of a body that the budget does not make. */
const plain = ({ timeout, timestamp, ...rest }) => rest;

test('client: approval: the three steps, with info, give a question for the caller', async (t) => {
  const nodes = await Promise.all([1, 2, 3].map(() => startNode(t, approverRoutes)));
  const approvers = nodes.map((node) => node.address);
  const { coordinator, client } = await committee(t, approvers);
  const approval = await client.getApprovalQuestion('captcha', { captchaWidth: 200 });
  assert.deepEqual(approval, {
    action: 'captcha',
    key: 'k1',
    question: 'who are you?',
    approvers,
    startedAt: 1795176300000,
    clientIp: '127.0.0.1',
  });
  assert.deepEqual(plain(coordinator.lastBody('/client/request-approval-key')), {
    action: 'captcha',
  });
  for (const node of nodes) {
    assert.deepEqual(plain(node.lastBody('/client/add-approval-info')), {
      action: 'captcha',
      info: { captchaWidth: 200 },
      key: 'k1',
      startedAt: 1795176300000,
    });
  }
  assert.deepEqual(plain(coordinator.lastBody('/client/request-approval-question')), {
    action: 'captcha',
    info: { captchaWidth: 200 },
    key: 'k1',
    confirmedAddresses: approvers,
  });
});

test('client: approval: without info no field info is sent', async (t) => {
  const node = await startNode(t, approverRoutes);
  const { coordinator, client } = await committee(t, [node.address]);
  await client.getApprovalQuestion('client');
  assert.ok(!('info' in node.lastBody('/client/add-approval-info')));
  assert.ok(!('info' in coordinator.lastBody('/client/request-approval-question')));
});

test('client: approval: the answer added, the result is an approvalInfo', async (t) => {
  const node = await startNode(t, approverRoutes);
  const { coordinator, client } = await committee(t, [node.address]);
  coordinator.routes['POST /client/guarded'] = { done: true };
  const approval = await client.getApprovalQuestion('client');
  const approvalInfo = Object.freeze({ ...approval, answer: '127.0.0.1' });
  assert.deepEqual(await client.request('guarded', { approvalInfo }), { done: true });
  assert.deepEqual(coordinator.lastBody('/client/guarded').approvalInfo, {
    action: 'client',
    key: 'k1',
    approvers: [node.address],
    startedAt: 1795176300000,
    clientIp: '127.0.0.1',
    answer: '127.0.0.1',
  });
});

test('client: approval: approvers that refuse, are gone or silent are left out, order kept', async (t) => {
  const [first, last] = [await startNode(t, approverRoutes), await startNode(t, approverRoutes)];
  const mute = await startNode(t, { 'POST /client/add-approval-info': silent });
  const refusing = await startNode(t);
  const all = [first.address, mute.address, await deadAddress(t), refusing.address, last.address];
  const { coordinator, client } = await committee(t, all);
  const approval = await client.getApprovalQuestion('client', undefined, { timeout: '2s' });
  assert.deepEqual(approval.approvers, [first.address, last.address]);
  assert.deepEqual(
    coordinator.lastBody('/client/request-approval-question').confirmedAddresses,
    approval.approvers,
  );
});

test('client: approval: silent approvers leave time for the question', async (t) => {
  const good = await startNode(t, approverRoutes);
  const mute = await startNode(t, { 'POST /client/add-approval-info': silent });
  const { coordinator, client } = await committee(t, [good.address, mute.address]);
  await client.getApprovalQuestion('client', undefined, { timeout: '2s' });
  const whole = coordinator.lastBody('/client/request-approval-key').timeout;
  const step = good.lastBody('/client/add-approval-info').timeout;
  const rest = coordinator.lastBody('/client/request-approval-question').timeout;
  assert.ok(whole <= 2000, `${whole}`);
  assert.ok(step <= 1000, `${step}`);
  assert.ok(rest > 1 && rest <= 1000, `${rest}`);
});

test('client: approval: when all approvers refuse, the first refusal is told', async (t) => {
  const refuse = (_, response) => reply(response, 422, { message: 'bad info', code: 'ERR_INFO' });
  const node = await startNode(t, { 'POST /client/add-approval-info': refuse });
  const { coordinator, client } = await committee(t, [node.address]);
  await assert.rejects(() => client.getApprovalQuestion('client', 5), {
    code: 'ERR_INFO',
    status: 422,
    address: node.address,
  });
  assert.equal(coordinator.asked('POST', '/client/request-approval-question').length, 0);
});

test('client: approval: a refusal of the coordinator is told', async (t) => {
  const { coordinator, client } = await committee(t, []);
  coordinator.routes['POST /client/request-approval-question'] = (_, response) =>
    reply(response, 422, {
      message: 'too few',
      code: 'ERR_SPREADABLE_NOT_ENOUGH_APPROVER_DECISIONS',
    });
  await assert.rejects(() => client.getApprovalQuestion('client'), {
    code: 'ERR_SPREADABLE_NOT_ENOUGH_APPROVER_DECISIONS',
  });
});

test("client: approval: the key's answer must have its form; nobody else is asked then", async (t) => {
  const node = await startNode(t, approverRoutes);
  const rows = [
    ['approvers', { approvers: undefined }],
    ['approvers', { approvers: 'a:1' }],
    ['approvers', { approvers: [node.address, node.address] }],
    ['approvers', { approvers: [node.address, 'x'] }],
    ['approvers', { approvers: [node.address, `${node.address}/path`] }],
    ['approvers', { approvers: Array.from({ length: 4097 }, (_, i) => `127.0.0.1:${i}`) }],
    ['key', { key: 5 }],
    ['startedAt', { startedAt: '1795176300000' }],
    ['clientIp', { clientIp: null }],
  ];
  for (const [field, change] of rows) {
    const { client } = await committee(t, [node.address], change);
    await assert.rejects(() => client.getApprovalQuestion('client'), {
      code: 'ERR_SPREADABLE_RESPONSE_SCHEMA',
      message: new RegExp(`no valid "${field}"`),
    });
  }
  assert.equal(node.requests.length, 0);
});

test('client: approval: an answer without question is refused', async (t) => {
  const { coordinator, client } = await committee(t, []);
  for (const answer of [{}, { question: null }, 'text', []]) {
    coordinator.routes['POST /client/request-approval-question'] = (_, response) =>
      reply(response, 200, JSON.stringify(answer));
    await assert.rejects(() => client.getApprovalQuestion('client'), {
      code: 'ERR_SPREADABLE_RESPONSE_SCHEMA',
    });
  }
});

test('client: approval: a worker change in between does not change the coordinator', async (t) => {
  const other = await startNode(t);
  let client;
  const approver = await startNode(t, {
    'POST /client/add-approval-info': async (_, response) => {
      await client.changeWorker();
      reply(response, 200, { success: true });
    },
  });
  const made = await committee(t, [approver.address]);
  client = made.client;
  made.coordinator.routes['POST /client/get-available-node'] = { address: other.address };
  assert.equal((await client.getApprovalQuestion('client')).question, 'who are you?');
  assert.equal(client.worker, other.address);
});

test('client: approval: a signal ends it', async (t) => {
  const controller = new AbortController();
  const { coordinator, client } = await committee(t, []);
  coordinator.routes['POST /client/request-approval-question'] = () =>
    controller.abort(new Error('enough'));
  await assert.rejects(
    () => client.getApprovalQuestion('client', undefined, { signal: controller.signal }),
    { message: 'enough' },
  );
});

test('client: approval: approvalQuestionTimeout ends it', async (t) => {
  const { node, client } = await connect(
    t,
    { 'POST /client/request-approval-key': silent },
    { request: { approvalQuestionTimeout: 60 } },
  );
  await assert.rejects(() => client.getApprovalQuestion('client'), {
    code: 'ERR_SPREADABLE_REQUEST_TIMEDOUT',
    address: node.address,
  });
});

// Client routes that ask for an approval, used from pages by both clients.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openPage, startBrowser, withClient } from './chromium.js';
import { interopNode, startNetwork } from './network.js';
import { loadUpstreamClient } from './upstream.js';

// These nodes have the route /client/guarded, which asks for the approval `client`.
const start = (settings) =>
  startNetwork({ after }, { approval: { client: { type: 'client-ip', ...settings } } }, [
    interopNode(),
  ]);
const [address, other] = await start({});

/** What comes of asking once and answering at the page's node, at `other` and there again. */
function passWith(page, other) {
  return withClient(
    page,
    async ({ Client }, other) => {
      const codeOf = (call) =>
        call.then(
          () => 'passed',
          ({ code, message }) => code ?? message,
        );
      const client = new Client();
      await client.init();
      const approval = await client.getApprovalQuestion('client');
      const approvalInfo = { ...approval, answer: approval.question };
      const here = await codeOf(client.request('guarded', { approvalInfo }));
      const there = await codeOf(client.request('guarded', { approvalInfo, address: other }));
      const again = await codeOf(client.request('guarded', { approvalInfo }));
      const anew = await client.getApprovalQuestion('client');
      const newInfo = { ...anew, answer: anew.question };
      const later = await codeOf(client.request('guarded', { approvalInfo: newInfo }));
      client.close();
      return { approval, codes: { here, there, again, later } };
    },
    other,
  );
}

test('browser: approval: an answer opens a guarded route once, a new one once more', async (t) => {
  const page = await openPage(await startBrowser(t), address);
  const { approval, codes, error } = await passWith(page, other);
  assert.equal(error, undefined);
  assert.deepEqual([approval.action, approval.question], ['client', approval.clientIp]);
  assert.ok(approval.approvers.length >= 2, `${approval.approvers}`);
  const wrong = 'ERR_SPREADABLE_WRONG_APPROVAL_ANSWER';
  assert.deepEqual(codes, { here: 'passed', there: wrong, again: wrong, later: 'passed' });
});

test('browser: approval: where nodes count for themselves, it opens each of them once', async (t) => {
  const [first, second] = await start({ replay: 'per-node' });
  const page = await openPage(await startBrowser(t), first);
  const { codes, error } = await passWith(page, second);
  assert.equal(error, undefined);
  const wrong = 'ERR_SPREADABLE_WRONG_APPROVAL_ANSWER';
  assert.deepEqual(codes, { here: 'passed', there: 'passed', again: wrong, later: 'passed' });
});

test('browser: approval: without it, or with a wrong answer, a guarded route refuses', async (t) => {
  const page = await openPage(await startBrowser(t), address);
  const codes = await withClient(page, async ({ Client }) => {
    const client = new Client();
    await client.init();
    const codeOf = (call) =>
      call.then(
        () => 'passed',
        ({ code }) => code,
      );
    const approval = await client.getApprovalQuestion('client');
    const codes = [
      await codeOf(client.request('guarded')),
      await codeOf(
        client.request('guarded', { approvalInfo: { ...approval, answer: '192.0.2.1' } }),
      ),
    ];
    client.close();
    return codes;
  });
  assert.deepEqual(codes, [
    'ERR_SPREADABLE_APPROVAL_INFO_REQUIRED',
    'ERR_SPREADABLE_WRONG_APPROVAL_ANSWER',
  ]);
});

test('browser: approval: the published client passes, too', async (t) => {
  const page = await openPage(await startBrowser(t), address);
  await loadUpstreamClient(page);
  const result = await page.evaluate(async () => {
    const client = new window.ClientSpreadable({ logger: false, task: false });
    await client.init();
    const approval = await client.getApprovalQuestion('client');
    const { question } = approval;
    const approvalInfo = { ...approval, answer: question };
    const passed = await client.request('guarded', { approvalInfo: { ...approvalInfo } });
    const again = await client
      .request('guarded', { approvalInfo: { ...approvalInfo } })
      .catch(({ code }) => code);
    const without = await client.request('guarded').catch(({ code }) => code);
    return { question, clientIp: approval.clientIp, passed, again, without };
  });
  assert.equal(result.question, result.clientIp);
  assert.deepEqual(result.passed, { address, action: 'client' });
  assert.equal(result.again, 'ERR_SPREADABLE_WRONG_APPROVAL_ANSWER');
  assert.equal(result.without, 'ERR_SPREADABLE_APPROVAL_INFO_REQUIRED');
});

/**
 * How a program or a page talks to a network of nodes, through any of them.
 *
 *     const client = new Client({ address: 'localhost:4000' });
 *     await client.init();
 *     const { value, complete } = await client.traverse('count-words', { word: 'liberty' });
 *     client.close();
 *
 * One module without dependencies, for browsers, Node.js 18 and later, and bundlers. What a node
 * answers is limited in size and checked before it is used. Types and details: client.d.ts.
 * @module
 */

const VERSION = 'spreadable-0.3'; // both name it
const TIMED_OUT = 'ERR_SPREADABLE_REQUEST_TIMEDOUT';
const UNREACHABLE = 'ERR_SPREADABLE_UNREACHABLE';
const BAD_ANSWER = 'ERR_SPREADABLE_RESPONSE_SCHEMA';
const CLOSED = 'ERR_SPREADABLE_CLIENT_CLOSED';

const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const ADDRESSES_MAX = 4096; // in one answer
const MESSAGE_CHARS_MAX = 1000;
const TIMER_MS_MAX = 2 ** 31 - 1; // a longer timer would end at once

/** Why a call failed. `code` is the node's own, or one of those that client.d.ts names. */
export class ClientError extends Error {
  constructor(message, { code, status, address, cause } = {}) {
    super(message.slice(0, MESSAGE_CHARS_MAX), cause === undefined ? undefined : { cause });
    Object.assign(this, { name: 'ClientError', code, status, address });
  }
}

// ---- Values.

const isText = (value) => typeof value === 'string';
const isTruth = (value) => typeof value === 'boolean';
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isAddress = (value) => {
  const match = isText(value) && /^(?:\[[\da-f:.]+\]|[^\s:/?#@[\]\\%]+):(\d{1,5})$/i.exec(value);
  return Boolean(match) && Number(match[1]) <= 65535;
};
const isAddressList = (value) =>
  Array.isArray(value) && value.length <= ADDRESSES_MAX && value.every(isAddress);

const UNITS = [
  [/^(ms|msecs?|milliseconds?|)$/i, 1],
  [/^(s|secs?|seconds?)$/i, 1000],
  [/^(m|mins?|minutes?)$/i, 60_000],
  [/^(h|hrs?|hours?)$/i, 3_600_000],
  [/^(d|days?)$/i, 86_400_000],
  [/^(w|weeks?)$/i, 604_800_000],
  [/^(y|yrs?|years?)$/i, 31_557_600_000],
];

/** Milliseconds of a number or of a text such as "1.5m"; NaN for anything else. */
function millis(value) {
  if (!isText(value)) return typeof value === 'number' ? value : NaN;
  const [, number, name] = /^(\d*\.?\d+) *([a-z]*)$/i.exec(value) ?? [];
  return Number(number) * (UNITS.find(([names]) => names.test(name))?.[1] ?? NaN);
}

// ---- Options. A reader takes a value and the option's name, and returns what to work with.

const required = (what, test) => (value, name) => {
  if (test(value)) return value;
  const kind = value === null ? 'null' : typeof value; // not the value, which may be a secret
  throw new TypeError(`option "${name}": expected ${what}, got ${kind}`);
};
const optional = (what, test, fallback, convert = (value) => value) => (value, name) =>
  value === undefined ? fallback : convert(required(what, test)(value, name));

const isSpan = (value) => millis(value) > 0 && millis(value) < Infinity;
const time = (fallback) =>
  optional('a time above zero: milliseconds, or a text such as "1.5m"', isSpan, fallback, millis);
const readObject = optional('an object', isObject);
const readAddress = optional('"host:port"', isAddress);
const isSomeOf = (test) => (value) => [value].flat().length > 0 && [value].flat().every(test);
const readAddresses = optional('"host:port" or a list of such', isSomeOf(isAddress), undefined,
  (value) => [...new Set([value].flat())]);
const readSignal = optional('an AbortSignal', (value) => value instanceof AbortSignal);
const readApprovalInfo = optional('what getApprovalQuestion gave, with an "answer"',
  (value) => isObject(value) && value.answer !== undefined, undefined,
  ({ question, ...info }) => info);

/** How many letters must change to make `a` of `b`. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; ++i) {
    const next = [i + 1];
    for (let k = 0; k < b.length; ++k) {
      next.push(Math.min(row[k] + (a[i] === b[k] ? 0 : 1), row[k + 1] + 1, next[k] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** Reads each property of `value` by the reader of its name; names without a reader are refused. */
function read(value, readers, prefix = '') {
  required('an object', isObject)(value, prefix.slice(0, -1) || 'options');
  const names = Object.keys(readers);
  const unknown = Object.keys(value).find((name) => !names.includes(name))?.slice(0, 40);
  if (unknown !== undefined) {
    const near = (name) => distance(unknown.toLowerCase(), name.toLowerCase());
    const [closest] = names.sort((a, b) => near(a) - near(b));
    throw new TypeError(`unknown option "${prefix}${unknown}": did you mean "${closest}"?`);
  }
  return Object.fromEntries(names.map((name) => [name, readers[name](value[name], prefix + name)]));
}

const group = (readers) => (value = {}, name) => read(value, readers, `${name}.`);
const readCredentials = group({
  username: required('a text without ":"', (value) => isText(value) && !value.includes(':')),
  password: required('a text', isText),
});
const isPem = (value) => (isText(value) && value !== '') || value instanceof Uint8Array;
const readAuthority = group({
  ca: (value, name) => {
    if (page()) throw new TypeError(`option "${name}": a browser believes its own list only`);
    return required('PEM text or bytes, or a list of such', isSomeOf(isPem))(value, name);
  },
});
const readTask = group({ workerChangeInterval: time(30_000) });
const CLIENT_OPTIONS = {
  address: readAddresses,
  https: (value, name) => (isTruth(value ?? true) ? value : readAuthority(value, name)),
  // Undefined asks for the browser's cookie, null for no credentials.
  auth: (value, name) => ((value ?? null) === null ? value : readCredentials(value, name)),
  request: group({
    pingTimeout: time(1000),
    clientTimeout: time(10_000),
    approvalQuestionTimeout: time(20_000),
    ignoreVersion: optional('true or false', isTruth, false),
  }),
  task: (value, name) => value !== false && readTask(value, name),
};
const QUESTION_OPTIONS = { timeout: time(), signal: readSignal };
const GET_OPTIONS = { ...QUESTION_OPTIONS, address: readAddress };
const TRAVERSE_OPTIONS = { ...GET_OPTIONS, approvalInfo: readApprovalInfo };
const CONTENT_OPTIONS = { body: readObject, formData: readObject, query: readObject };
const readTarget = group({ address: required('"host:port"', isAddress), options: readObject });
const REQUEST_OPTIONS = { ...TRAVERSE_OPTIONS, ...CONTENT_OPTIONS };

const isRoute = (value) => isText(value) && /^\w[\w-]*([./]\w[\w-]*)*$/.test(value);
const checkRoute = required('one such as "get-available-node"', isRoute);

// ---- The page that a browser shows.

/** The page's location; undefined outside browsers. */
const page = () => (globalThis.location?.hostname ? globalThis.location : undefined);

const addressOf = ({ hostname, port, protocol }) =>
  `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;

const toBase64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const fromBase64 = (text) =>
  new TextDecoder().decode(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));

/** What the node at `address` left in its cookie after a login; undefined without a usable one. */
function cookieAuth(address) {
  const name = `spreadableNetworkAuth[${address}]=`;
  const cookies = (globalThis.document?.cookie ?? '').split(/; */);
  const value = cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length);
  try {
    return readCredentials(JSON.parse(fromBase64(value.replace(/^"|"$/g, ''))), 'auth');
  } catch {
    return undefined;
  }
}

// ---- Exchanges.

async function* chunksOf(stream) {
  const source = stream?.getReader();
  try {
    for (let part = await source?.read(); part && !part.done; part = await source.read()) {
      yield part.value;
    }
  } finally {
    source?.cancel().catch(() => {}); // the rest of an answer that is too long
  }
}

async function sendByFetch(url, request) {
  const answer = await fetch(url, { ...request, redirect: 'manual', cache: 'no-store' });
  return { status: answer.status, chunks: chunksOf(answer.body) };
}

/** As sendByFetch, but with an authority of our own in `tls`, which fetch has no option for. */
async function sendByNode(url, { signal, ...request }, tls) {
  const name = ['node', 'https'].join(':'); // so that bundlers for browsers do not look for it
  const https = await import(/* webpackIgnore: true */ /* @vite-ignore */ name);
  tls.agent ??= new https.Agent({ ca: tls.ca, keepAlive: true });
  const whole = new Request(url, request); // spells out forms
  const body = new Uint8Array(await whole.arrayBuffer());
  const headers = { ...Object.fromEntries(whole.headers), 'content-length': body.length };
  const options = { agent: tls.agent, signal, method: request.method, headers };
  const answer = await new Promise((resolve, reject) => {
    https.request(url, options, resolve).on('error', reject).end(body);
  });
  return { status: answer.statusCode, chunks: answer };
}

async function readText(chunks, from) {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw badAnswer('is longer than 8 MiB', from);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

const badAnswer = (what, from) =>
  new ClientError(`${from.address}: the answer ${what}`, { code: BAD_ANSWER, ...from });

/** The JSON of a success; throws what any other answer tells. `from`: its status and address. */
function readAnswer(text, from) {
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (from.status >= 200 && from.status <= 299) {
    if (json === undefined) throw badAnswer('is not JSON', from);
    return json;
  }
  const { message, code } = isObject(json) ? json : {};
  // Redirects are not followed, and browsers give no more of them than status 0.
  const plain = `${from.address} answered ${from.status || 'with a redirect'}`;
  throw new ClientError(isText(message) && message !== '' ? message : plain,
    { code: isText(code) ? code : undefined, ...from });
}

/** Returns `answer`, an object whose properties pass `tests`. */
function checked(answer, tests, address) {
  const isValid = (name) => Object.hasOwn(answer, name) && tests[name](answer[name]);
  const wrong = Object.keys(tests).find((name) => !isObject(answer) || !isValid(name));
  if (wrong === undefined) return answer;
  throw badAnswer(`has no valid "${wrong}"`, { status: 200, address });
}

const isCommittee = (value) => isAddressList(value) && new Set(value).size === value.length;
const PING = { version: isText, address: isText };
const AVAILABLE_NODE = { address: isAddress };
const APPROVAL_KEY = {
  approvers: isCommittee, key: isText, startedAt: Number.isFinite, clientIp: isText,
};
const QUESTION = { question: (value) => value !== null };
const TRAVERSAL = {
  value: () => true, silent: isAddressList, complete: isTruth,
  nodesAsked: isCount, nodesAnswered: isCount, mastersAsked: isCount, mastersFailed: isCount,
};

/** `fields` as the body of a request: JSON, or a form when `formData` is given. */
function encode(fields, formData) {
  if (!formData) return { body: JSON.stringify(fields), type: 'application/json' };
  const form = new FormData();
  const entries = formData instanceof FormData ? [...formData] : Object.entries(formData);
  for (const [name, value] of [...entries, ...Object.entries(fields)]) {
    if (value === undefined) continue;
    form.append(name, isText(value) || value instanceof Blob ? value : JSON.stringify(value));
  }
  return { body: form }; // its type names a boundary, which fetch chooses
}

const shuffled = (list) =>
  list.map((one) => [Math.random(), one]).sort(([a], [b]) => a - b).map(([, one]) => one);

/** Calls the client routes of a network. Calls may overlap. */
export class Client {
  static version = VERSION;
  #options;
  #available = ''; // one of the given addresses; it names other nodes
  #worker = '';
  #running = new Set(); // an AbortController for each exchange
  #search; // a running one is shared by all who need it
  #timer;
  #isClosed = false;

  /** Sends nothing yet. Throws a TypeError that names the option which is unknown or ill-typed. */
  constructor(options = {}) {
    const own = page();
    const all = read(options, CLIENT_OPTIONS);
    all.address ??= own && [addressOf(own)];
    required('"host:port" or a list of such', Boolean)(all.address, 'address');
    all.https ??= own?.protocol === 'https:';
    if (all.auth === undefined && own) all.auth = all.address.map(cookieAuth).find(Boolean);
    this.#options = all;
  }

  /** The node that requests go to; empty before init(). */
  get worker() {
    return this.#worker;
  }

  /** Finds a node that answers, trying the addresses in random order, each for `pingTimeout`. */
  async init() {
    this.#checkOpen();
    this.#worker = await this.#findAvailable();
    this.#planChange();
  }

  /** Moves to a node that the network names; stays, and tells why, when that does not answer. */
  async changeWorker() {
    this.#checkReady();
    const available = this.#available;
    try {
      const answer = await this.#post(available, 'get-available-node', {});
      const { address } = checked(answer, AVAILABLE_NODE, available);
      if (address !== this.#worker) await this.#tryOut(address);
      this.#checkOpen();
      this.#worker = address;
    } catch (error) {
      const isGone = error.address === available && [UNREACHABLE, TIMED_OUT].includes(error.code);
      if (isGone && !this.#isClosed) await this.#findAvailable().catch(() => {}); // for next time
      throw error;
    }
    return this.#worker;
  }

  /** POST /client/<endpoint>; resolves to what the node answers. Sent once. */
  async request(endpoint, options = {}) {
    checkRoute(endpoint, 'endpoint');
    const call = read(options, REQUEST_OPTIONS);
    if (call.address) return this.#post(call.address, endpoint, call);
    return this.#atWorker(call, (worker) => this.#post(worker, endpoint, call));
  }

  /** The same request to many nodes at once; what one node does costs its own result only. */
  async requestGroup(targets, endpoint, options = {}) {
    this.#checkOpen();
    checkRoute(endpoint, 'endpoint');
    required('a list', Array.isArray)(targets, 'targets');
    const calls = targets.map((target, i) => {
      const item = isText(target) ? { address: target } : target;
      const { address, options: own } = readTarget(item, `targets[${i}]`);
      return { ...read({ ...options, ...own }, REQUEST_OPTIONS), address };
    });
    return Promise.all(calls.map(({ address, ...call }) =>
      this.#post(address, endpoint, call).then(
        (value) => ({ address, value }), (error) => ({ address, error }))));
  }

  /** GET of a JSON page. Sent once more, to a node that answers, when the connection fails. */
  async get(path, options = {}) {
    required('one like "/status"', (value) => isText(value) && value.startsWith('/'))(path, 'path');
    const call = read(options, GET_OPTIONS);
    if (call.address) return (await this.#get(call.address, path, call)).json;
    const get = (worker, timeout) => this.#get(worker, path, { ...call, timeout });
    return (await this.#atWorker(call, get, /*isRepeatable=*/ true)).json;
  }

  /** Runs an action of the network; resolves to what all nodes answered together. */
  async traverse(action, query = {}, options = {}) {
    const call = { ...read(options, TRAVERSE_OPTIONS), body: query };
    const from = call.address ?? this.#worker;
    return checked(await this.request(action, call), TRAVERSAL, from);
  }

  /** Has a committee of nodes make the question that stands before `action`. */
  async getApprovalQuestion(action, info, options = {}) {
    required('a text', isText)(action, 'action');
    const { timeout, signal } = read(options, QUESTION_OPTIONS);
    const call = { timeout: timeout ?? this.#options.request.approvalQuestionTimeout, signal };
    return this.#atWorker(call, (worker) => this.#question(worker, action, info, call));
  }

  /** Ends what is running; later calls are refused. Calling it again does nothing. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const controller of this.#running) controller.abort(this.#closedError());
    this.#options.https.agent?.destroy();
  }

  /** The steps of an approval, all through `worker`: the key is for the node that made it. */
  async #question(worker, action, info, { timeout: whole, signal }) {
    const end = performance.now() + whole;
    const left = () => Math.max(end - performance.now(), 1);
    const post = (to, endpoint, timeout, fields) =>
      this.#post(to, endpoint, { timeout, signal, body: { action, ...fields } });

    const answer = await post(worker, 'request-approval-key', left());
    const { approvers, key, startedAt, clientIp } = checked(answer, APPROVAL_KEY, worker);
    // Half of the time at most, so that silent approvers leave some for the question.
    const share = Math.min(this.#options.request.clientTimeout, left() / 2);
    const added = await Promise.allSettled(approvers.map((approver) =>
      post(approver, 'add-approval-info', share, { info, key, startedAt })));
    const confirmed = approvers.filter((_, i) => added[i].status === 'fulfilled');
    if (approvers.length > 0 && confirmed.length === 0) throw added[0].reason;
    const fields = { info, key, confirmedAddresses: confirmed };
    const last = await post(worker, 'request-approval-question', left(), fields);
    const { question } = checked(last, QUESTION, worker);
    return { action, key, question, approvers: confirmed, startedAt, clientIp };
  }

  #closedError() {
    return new ClientError('the client is closed', { code: CLOSED });
  }

  #checkOpen() {
    if (this.#isClosed) throw this.#closedError();
  }

  #checkReady() {
    this.#checkOpen();
    if (this.#worker) return;
    throw new ClientError('no node found yet: wait for init() first', { code: UNREACHABLE });
  }

  #planChange() {
    const interval = this.#options.task && this.#options.task.workerChangeInterval;
    clearTimeout(this.#timer);
    if (!interval || this.#isClosed) return;
    const change = () => this.changeWorker().catch(() => {}).finally(() => this.#planChange());
    this.#timer = setTimeout(change, Math.min(interval, TIMER_MS_MAX));
    this.#timer.unref?.(); // in Node.js it keeps no program running
  }

  #findAvailable() {
    this.#search ??= this.#probe().finally(() => (this.#search = undefined));
    return this.#search;
  }

  async #probe() {
    const reasons = [];
    for (const address of shuffled(this.#options.address)) {
      try {
        await this.#ping(address);
        return (this.#available = address);
      } catch (error) {
        this.#checkOpen();
        reasons.push(error.message);
      }
    }
    const message = `none of the given nodes answers: ${reasons.join('; ')}`;
    throw new ClientError(message, { code: UNREACHABLE });
  }

  /** Runs `call` with the worker and the time left; a worker that fails is replaced. */
  async #atWorker({ timeout = this.#options.request.clientTimeout, signal }, call, isRepeatable) {
    this.#checkReady();
    const worker = this.#worker;
    const end = performance.now() + timeout;
    try {
      return await call(worker, timeout);
    } catch (error) {
      const isReplaced = await this.#replace(worker, error, end, signal);
      const left = end - performance.now();
      if (!isReplaced || !isRepeatable || left <= 0) throw error;
      return call(this.#worker, left);
    }
  }

  /** Until `end`, moves away from `worker` if `error` says that it is gone. Whether it has. */
  async #replace(worker, error, end, signal) {
    if (error.address !== worker || this.#isClosed) return false;
    if (error.code === TIMED_OUT) {
      // It may only be slow; the next call gains by finding out.
      this.#ping(worker).catch(() => this.#moveFrom(worker)).catch(() => {});
    }
    if (error.code !== UNREACHABLE) return false;
    const left = end - performance.now();
    const moving = this.#within(worker, left, signal, () => this.#moveFrom(worker));
    return moving.then(() => true, () => false);
  }

  async #moveFrom(worker) {
    if (this.#worker !== worker) return; // another call has done it
    const found = await this.#findAvailable();
    if (this.#worker === worker) this.#worker = found;
  }

  async #ping(to) {
    const { pingTimeout } = this.#options.request;
    const { status, json } = await this.#get(to, '/ping', { timeout: pingTimeout });
    if (status !== 200) throw badAnswer(`to a ping has status ${status}`, { status, address: to });
    checked(json, PING, to);
  }

  /** A page's login may be good at its own node only, while a ping is free for everyone. */
  async #tryOut(to) {
    const { pingTimeout: timeout } = this.#options.request;
    await this.#ping(to);
    if (page() && !this.#options.auth) await this.#get(to, '/status', { timeout });
  }

  #get(to, path, call) {
    return this.#exchange(to, path, call, { method: 'GET', headers: this.#headers() });
  }

  async #post(to, endpoint, call) {
    const { timeout = this.#options.request.clientTimeout, approvalInfo, formData } = call;
    const budget = { timeout, timestamp: Date.now() };
    const fields = { ...call.body, ...budget, ...(approvalInfo && { approvalInfo }) };
    const { body, type } = encode(fields, formData);
    const headers = this.#headers();
    if (type) headers['content-type'] = type;
    // A page of another origin could not read the headers that come of it.
    const { origin } = new URL(this.#url(to));
    const isForeign = (globalThis.location?.origin ?? origin) !== origin;
    if (!isForeign) headers['spreadable-features'] = 'coverage';
    const query = call.query ? `?${new URLSearchParams(call.query)}` : '';
    const request = { method: 'POST', headers, body };
    return (await this.#exchange(to, `/client/${endpoint}${query}`, call, request)).json;
  }

  #url(to, path = '') {
    return `${this.#options.https ? 'https' : 'http'}://${to}${path}`;
  }

  #headers() {
    const { auth, request } = this.#options;
    const headers = {};
    if (!request.ignoreVersion) headers['client-version'] = this.constructor.version;
    if (auth) headers.authorization = `Basic ${toBase64(`${auth.username}:${auth.password}`)}`;
    return headers;
  }

  #exchange(to, path, { timeout = this.#options.request.clientTimeout, signal }, request) {
    return this.#within(to, timeout, signal, async (inner) => {
      try {
        const tls = this.#options.https;
        const send = tls.ca ? sendByNode : sendByFetch;
        const url = this.#url(to, path);
        const { status, chunks } = await send(url, { ...request, signal: inner }, tls);
        const from = { status, address: to };
        return { status, json: readAnswer(await readText(chunks, from), from) };
      } catch (error) {
        if (error instanceof ClientError) throw error;
        const why = error.cause?.code ?? error.code ?? error.message;
        const details = { code: UNREACHABLE, address: to, cause: error };
        throw new ClientError(`${to} cannot be reached: ${why}`, details);
      }
    });
  }

  /** Runs `work` until it settles, `timeout` has passed, `outer` is aborted, or close(). */
  async #within(to, timeout, outer, work) {
    this.#checkOpen();
    if (outer?.aborted) throw outer.reason;
    const controller = new AbortController();
    const late = () => new ClientError(`${to} timed out`, { code: TIMED_OUT, address: to });
    const timer = setTimeout(() => controller.abort(late()), Math.min(timeout, TIMER_MS_MAX));
    const abort = () => controller.abort(outer.reason);
    outer?.addEventListener('abort', abort, { once: true });
    this.#running.add(controller);
    try {
      const aborted = new Promise((_, reject) => {
        controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
      });
      return await Promise.race([work(controller.signal), aborted]);
    } finally {
      this.#running.delete(controller);
      outer?.removeEventListener('abort', abort);
      clearTimeout(timer);
    }
  }
}

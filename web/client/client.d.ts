// Client of spreadable networks. What stands here is meant for the module client.js.

/** Milliseconds, or a text such as "500ms", "10s" or "1.5m". Above zero. */
export type Time = number | string;

/** `host:port`, the identity of a node. IPv6 hosts stand in brackets. */
export type Address = string;

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface ClientOptions {
  /**
   * Nodes to begin with; one that answers is enough. Default in browsers: the page's own host and port.
   * Required elsewhere.
   */
  address?: Address | Address[];
  /**
   * Whether nodes speak TLS. Default in browsers: as the page; elsewhere false. `ca` names the
   * authorities to believe, in PEM form, and is refused in browsers, which have a list of their own.
   */
  https?: boolean | { ca: string | Uint8Array | Array<string | Uint8Array> };
  /**
   * Credentials of a closed network. Default in browsers: those in the cookie
   * `spreadableNetworkAuth[<address>]`, where nodes leave them there; `null` leaves it unread. Without
   * any, a page that a user has logged in to can still call its own node.
   */
  auth?: { username: string; password: string } | null;
  request?: {
    /** For each node tried. Default 1s. */
    pingTimeout?: Time;
    /** For a call that names none. Default 10s. */
    clientTimeout?: Time;
    /** For getApprovalQuestion(). Default 20s. */
    approvalQuestionTimeout?: Time;
    /** Leaves out the version, so that nodes of another one do not refuse. Default false. */
    ignoreVersion?: boolean;
  };
  /** `false`: the client stays with its worker. `workerChangeInterval`: default 30s. */
  task?: false | { workerChangeInterval?: Time };
}

export interface CallOptions {
  /**
   * When the call ends, the last byte of the answer included. The node is told, and spends no more.
   */
  timeout?: Time;
  /** A node other than the worker. When that one fails, no other is looked for. */
  address?: Address;
  /** Ends the call early; it then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface TraverseOptions extends CallOptions {
  /** What getApprovalQuestion() gave, with the answer. Never modified; its `question` is not sent. */
  approvalInfo?: Partial<Approval> & { answer: unknown };
}

export interface RequestOptions extends TraverseOptions {
  /** Fields of the body; `timeout` and `timestamp` are the protocol's and set by the client. Never modified. */
  body?: object;
  /**
   * Sends a form: these parts, and the fields of `body` as one part each, texts as they are and other
   * values as JSON. Never modified.
   */
  formData?: FormData | Record<string, string | Blob | Json>;
  /** Goes into the query of the URL. */
  query?: Record<string, string> | URLSearchParams;
}

export interface GroupTarget {
  address: Address;
  /** Outweigh those of the whole group. */
  options?: Omit<RequestOptions, 'address'>;
}

export type GroupResult<T = Json> =
  | { address: Address; value: T; error?: undefined }
  | { address: Address; error: ClientError; value?: undefined };

/** What all nodes together answered, and how many of them that was. */
export interface TraversalResult<T = Json> {
  value: T;
  nodesAsked: number;
  nodesAnswered: number;
  mastersAsked: number;
  /** Masters whose part is missing even after others stood in for them. */
  mastersFailed: number;
  /** Nodes that gave no usable answer; a long list is cut. */
  silent: Address[];
  /** Every node asked has answered. */
  complete: boolean;
}

export interface Approval<T = Json> {
  action: string;
  key: string;
  question: T;
  /** The nodes that take part: those that agreed to. */
  approvers: Address[];
  startedAt: number;
  /** The caller's address as the network sees it. */
  clientIp: string;
}

/**
 * Codes that the client itself gives; every other is a node's.
 * - `ERR_SPREADABLE_REQUEST_TIMEDOUT`: no whole answer within the timeout.
 * - `ERR_SPREADABLE_UNREACHABLE`: the connection failed, or no node has been found yet. A request that
 *   was sent may or may not have been carried out.
 * - `ERR_SPREADABLE_RESPONSE_SCHEMA`: the answer is not JSON, longer than 8 MiB, or of another form
 *   than the call promises.
 * - `ERR_SPREADABLE_CLIENT_CLOSED`: close() has been called.
 */
export type ClientErrorCode =
  | 'ERR_SPREADABLE_REQUEST_TIMEDOUT'
  | 'ERR_SPREADABLE_UNREACHABLE'
  | 'ERR_SPREADABLE_RESPONSE_SCHEMA'
  | 'ERR_SPREADABLE_CLIENT_CLOSED';

/** Why a call failed. The message is for people: a node's own, or one that names the node. */
export class ClientError extends Error {
  constructor(
    message: string,
    details?: { code?: string; status?: number; address?: Address; cause?: unknown },
  );
  /** Undefined when a node answered with an error without code; `status` tells more then. */
  readonly code?: ClientErrorCode | (string & {});
  /** HTTP status of the answer, where there was one; 0 for a redirect in browsers. */
  readonly status?: number;
  /** The node that the call went to. */
  readonly address?: Address;
}

/**
 * Calls the client routes of a network through any of its nodes. Calls may overlap.
 *
 * Unknown or ill-typed options are a TypeError that names them: the constructor throws it, methods
 * reject with it before anything is sent. All other failures are a ClientError, except that a call
 * whose `signal` is aborted rejects with the reason of that. Objects handed in are never modified.
 * Redirects are not followed.
 */
export class Client {
  constructor(options?: ClientOptions);

  /** The node that requests go to; empty before init(). */
  readonly worker: Address;

  /**
   * Finds a node that answers a ping, trying the addresses in random order, each for `pingTimeout`, and
   * begins to change workers at intervals. That timer does not keep a Node.js program running.
   * ERR_SPREADABLE_UNREACHABLE names those tried when none answers.
   */
  init(): Promise<void>;

  /**
   * Lets the network name another node, pings that and moves there; resolves to the worker. The old
   * worker stays when it rejects. A page without credentials to show moves only to nodes that let it
   * in: a login may be good at the page's own node only.
   */
  changeWorker(): Promise<Address>;

  /**
   * POST /client/<endpoint>; resolves to the JSON that the node answers. Sent once. When the
   * connection fails, a node is looked for among the given addresses before the call rejects, within
   * its timeout, so that the next call goes there. A worker that lets a call time out is replaced
   * when it does not answer a ping either.
   */
  request<T = Json>(endpoint: string, options?: RequestOptions): Promise<T>;

  /**
   * The same request to many nodes at once. Results stand in the order of `targets`; a node that
   * fails costs its own result only. Needs no init().
   */
  requestGroup<T = Json>(
    targets: Array<Address | GroupTarget>,
    endpoint: string,
    options?: Omit<RequestOptions, 'address'>,
  ): Promise<Array<GroupResult<T>>>;

  /**
   * GET of a page that answers JSON, such as `/status`. Sent once more, to a node that answers a
   * ping, when the connection fails; both within the timeout.
   */
  get<T = Json>(path: string, options?: CallOptions): Promise<T>;

  /**
   * Runs an action of the network on all nodes; resolves to what they answered together.
   * ERR_SPREADABLE_RESPONSE_SCHEMA when the answer does not have that form, as of a route that is no action.
   */
  traverse<T = Json>(
    action: string,
    query?: object,
    options?: TraverseOptions,
  ): Promise<TraversalResult<T>>;

  /**
   * Has a committee of nodes make the question that stands before `action`. Approvers that refuse or are
   * silent are left out; they get half of the time at most. Add `answer` to the result and pass it as
   * `approvalInfo`.
   */
  getApprovalQuestion<T = Json>(
    action: string,
    info?: unknown,
    options?: { timeout?: Time; signal?: AbortSignal },
  ): Promise<Approval<T>>;

  /**
   * Ends the changing of workers and every running call, which then rejects with
   * ERR_SPREADABLE_CLIENT_CLOSED, as later ones do. Calling it again does nothing.
   */
  close(): void;
}

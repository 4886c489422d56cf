import { AsyncLocalStorage } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import { type FoundDirective, mostCareful, parseDirective, type ReadDirective } from './directive.js';

/**
 * Which operation of Payload a read of the database adapter belongs to. A directive and a write mark are an
 * operation's, never a request's: several operations may share one request at the same time.
 *
 * Two things tell. A call of the Local API, and the handler of an endpoint, run in an asynchronous context of their
 * own, so that what is read inside is known to be of them, and when they end. Where there is no call, as in GraphQL's
 * resolvers, the operations under way on a request are all candidates, and the most careful of them counts.
 */
export interface Operation {
  /** The slug, of a global with `@` before it. */
  readonly name: string;
  readonly writes: boolean;
  /** Whether it writes whatever documents a `where` finds. */
  readonly isBulk: boolean;
  /** The document asked for, where it is one. */
  id: string | undefined;
  readonly call: Call | undefined;
  /** What its request carries; `undefined` until Payload has made the request. */
  state: RequestState | undefined;
  directive: FoundDirective | undefined;
  /** Whether it is too late for a hook of the user's to set the directive. */
  isSettled: boolean;
  /** Whether the directive was the request's before the operation began. */
  hasInherited: boolean;
  /** Whether somebody is logged in. */
  isAuthenticated: boolean;
  isOver: boolean;
}

/** A call of the Local API or of an endpoint's handler: something whose end is certain. */
export interface Call {
  /** The call that it was made in, as long as that goes on. */
  parent: Call | undefined;
  /** The operation that it was made for; an endpoint's handler may be for any, or none. */
  own: Operation | undefined;
  /** Those of its operations that are under way. */
  readonly operations: Operation[];
  isOver: boolean;
  /** What is left to do before its caller goes on, by whose it is. */
  readonly atEnd: Map<object, () => Promise<void>>;
}

/** What is under way on a request and on all of its copies. */
interface RequestState {
  readonly reading: Set<Operation>;
  readonly writing: Set<Operation>;
  /** Whether a write operation that began without a transaction is over: what it left of one says nothing any more. */
  hasEndedWrite: boolean;
  /** Whether operations were forgotten since there were too many: any may be under way, a write as well. */
  hasForgotten: boolean;
}

/** State that all copies of this module in one process share: bundlers make several. */
function shared<Value>(name: string, make: () => Value): Value {
  const symbol = Symbol.for(`payload-kv.${name}`);
  const place = globalThis as unknown as Record<symbol, Value | undefined>;
  place[symbol] ??= make();
  return place[symbol];
}

const calls = shared('calls', () => new AsyncLocalStorage<Call>());
/**
 * Payload hands a request on in many forms: itself, a proxy, a shallow copy, a new object with some of its parts. Its
 * state is a property of the request, which copies and proxies show, and is found by its data loader as well, which new
 * requests made from parts share.
 */
const STATE = Symbol.for('payload-kv.request-state');
const statesByObject = shared('request-states', () => new WeakMap<object, RequestState>());
/** Where the arguments of an operation carry it from its first hook to its last. */
const OPERATION = Symbol.for('payload-kv.operation');

/**
 * Payload's `findByID` hands on nothing of its request but the transaction. So those that no call is known of are kept
 * by document: access control may end one before it reads anything, so that nobody takes it from here.
 */
const traces = shared(
  'traces',
  () =>
    new LRUCache<string, { operations: Operation[]; reads: number }>({
      max: 1_000,
      ttl: 30_000,
      // Otherwise a timer, which in workerd goes with its request, would have to move the time on.
      ttlResolution: 0,
    }),
);
/** Operations remembered of one document, or one request, where none of them is known to have ended. */
const MOST_UNENDED = 200;
/** The same of one document, which a Worker's memory has a thousand of. */
const MOST_TRACED = 20;
/** Longest id that tells documents apart here; those of longer ids are all candidates for one another. */
const LONGEST_ID = 100;

interface Request {
  [STATE]?: RequestState;
  context?: unknown;
  payloadDataLoader?: unknown;
  transactionID?: unknown;
  user?: unknown;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The call that this code runs in and that has not ended. */
export function currentCall(): Call | undefined {
  return living(calls.getStore());
}

function living(call: Call | undefined): Call | undefined {
  let alive = call;
  while (alive?.isOver) alive = alive.parent;
  return alive;
}

/** What is known of an operation when it begins. */
export interface BeginningOperation {
  name: string;
  writes: boolean;
  isBulk?: boolean;
  id?: unknown;
  directive?: FoundDirective | undefined;
}

/**
 * Runs something as one call, with the operation it is made for where there is one. Its operations are over when it
 * ends, however it ends, and its caller goes on when what was left for the end is done.
 */
export async function runCall<Result>(
  begin: BeginningOperation | undefined,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const call: Call = {
    parent: currentCall(),
    own: undefined,
    operations: [],
    isOver: false,
    atEnd: new Map(),
  };
  if (begin) call.own = newOperation(begin, call);
  try {
    return await calls.run(call, run);
  } finally {
    call.isOver = true;
    // Timers and promises keep the call they were made in: one that makes the next would keep all before it.
    call.parent = living(call.parent);
    for (const operation of [...call.operations]) endOperation(operation);
    // One after another, and none kept from it by the fault of another: they do not reject.
    for (const finish of call.atEnd.values()) await finish();
    call.atEnd.clear();
  }
}

function newOperation(begin: BeginningOperation, call: Call | undefined): Operation {
  const operation: Operation = {
    name: begin.name,
    writes: begin.writes,
    isBulk: begin.isBulk ?? false,
    id: shortId(begin.id),
    call,
    state: undefined,
    directive: begin.directive,
    isSettled: false,
    hasInherited: false,
    isAuthenticated: false,
    isOver: false,
  };
  call?.operations.push(operation);
  return operation;
}

function shortId(id: unknown): string | undefined {
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  const text = String(id);
  return text.length <= LONGEST_ID ? text : undefined;
}

/** The operation that its hooks' arguments carry. */
export function operationOf(args: unknown): Operation | undefined {
  return isObject(args) ? (args as { [OPERATION]?: Operation })[OPERATION] : undefined;
}

/**
 * Notes an operation on its request, before any hook of the user's and before it reads the database. It is the one its
 * call was made for, or one more of that call, or one that no call is known of.
 */
export function beginOperation(request: unknown, args: unknown, begin: BeginningOperation): Operation {
  const call = currentCall();
  const waiting = call?.operations.find(
    ({ name, writes, state }) => !state && name === begin.name && writes === begin.writes,
  );
  const operation = waiting ?? newOperation(begin, call);
  if (isObject(request)) {
    const state = stateOf(request) ?? newState();
    rememberState(request, state);
    operation.state = state;
    const among = operation.writes ? state.writing : state.reading;
    among.add(operation);
    if (among.size > MOST_UNENDED && !operation.call) forgetOldest(state, among);
    operation.isAuthenticated = Boolean((request as Request).user);
  }
  if (isObject(args)) setQuietly(args, OPERATION, operation);
  return operation;
}

/** Those of a call end with it. The others may never be known to have ended. */
function forgetOldest(state: RequestState, among: Set<Operation>): void {
  const unended = [...among].filter(({ call }) => !call);
  if (unended.length <= MOST_UNENDED) return;
  among.delete(unended[0] as Operation);
  state.hasForgotten = true;
}

/** Notes that an operation's document, where it asks for one, may be read from now on. */
export function leaveTrace(operation: Operation, id: unknown): void {
  operation.id = shortId(id);
  if (operation.call || operation.writes) return;
  const document = traceOf(operation.name, operation.id);
  const { operations = [], reads = 0 } = traces.get(document) ?? {};
  const unended = operations.filter(({ isOver }) => !isOver);
  traces.set(document, {
    operations:
      unended.length < MOST_TRACED ? [...unended, operation] : [...UNKNOWN, ...unended.slice(2), operation],
    // Those that are over have read.
    reads: Math.max(0, reads - (operations.length - unended.length)),
  });
}

const traceOf = (name: string, id: string | undefined): string => `${name} ${id ?? ''}`;

/** Notes the end of an operation. */
export function endOperation(operation: Operation): void {
  operation.isOver = true;
  const { state, call } = operation;
  const place = call ? call.operations.indexOf(operation) : -1;
  if (place >= 0) call?.operations.splice(place, 1);
  state?.reading.delete(operation);
  if (state?.writing.delete(operation) && state.writing.size === 0) state.hasEndedWrite = true;
}

/** The other read operations under way on the request of one. */
export function othersOnRequest(operation: Operation): Operation[] {
  return operation.state ? [...operation.state.reading].filter((other) => other !== operation) : [];
}

function newState(): RequestState {
  return { reading: new Set(), writing: new Set(), hasEndedWrite: false, hasForgotten: false };
}

function stateOf(request: unknown): RequestState | undefined {
  if (!isObject(request)) return undefined;
  const { [STATE]: state, payloadDataLoader } = request as Request;
  if (state) return state;
  const byLoader = isObject(payloadDataLoader) ? statesByObject.get(payloadDataLoader) : undefined;
  // A frozen request takes no property.
  return byLoader ?? statesByObject.get(request);
}

function rememberState(request: Request, state: RequestState): void {
  if (request[STATE] !== state) setQuietly(request, STATE, state);
  if (request[STATE] !== state) statesByObject.set(request, state);
  if (isObject(request.payloadDataLoader)) statesByObject.set(request.payloadDataLoader, state);
}

/** Sets a property where the object allows it; a frozen request or context is left alone. */
export function setQuietly(target: object, name: PropertyKey, value: unknown): void {
  try {
    (target as Record<PropertyKey, unknown>)[name] = value;
  } catch {
    // Frozen: the other marks remain.
  }
}

/** Who asks for one read of the database adapter. */
export interface Reader {
  readonly request: unknown;
  /** The operations that the read may be of: one where it is certain, none where it is of none or of another name. */
  readonly operations: readonly Operation[];
  readonly call: Call | undefined;
}

/** Nobody: a query that the cache makes for itself. */
export const NOBODY: Reader = { request: undefined, operations: [], call: undefined };

/**
 * Finds who asks.
 *
 * @param name the slug, of a global with `@` before it
 */
export function readerOf(name: string, args: Readonly<Record<string, unknown>>): Reader {
  const { req: request } = args;
  const call = currentCall();
  const isBare = isBareRequest(request);
  const state = isBare ? undefined : stateOf(request);
  // A read without a request is of nobody's operation or transaction, wherever it is made.
  if (!isObject(request)) return { request, operations: [], call: undefined };
  if (call && call.operations.length > 0) {
    const id = isBare ? documentOf(args) : undefined;
    const own = call.operations.filter(
      (operation) =>
        operation.name === name &&
        (isBare || !operation.state || operation.state === state) &&
        (id === undefined || operation.id === undefined || operation.id === id),
    );
    if (own.length > 0) return { request, operations: own, call };
  }
  if (isBare) return { request, operations: takeTrace(name, args, request), call };
  if (!state || state.reading.size === 0) return { request, operations: [], call };
  const operations = [...state.reading].filter((operation) => !operation.call && operation.name === name);
  return { request, operations, call };
}

/**
 * Older Payloads announce no operation that restores a version of a collection, and it has no transaction: where no
 * call is known of, its first read alone tells of it, which it has in common with one that looks at a version.
 */
export function noteUnannounced(name: string, args: Readonly<Record<string, unknown>>): void {
  const isOfOne = args.limit === 1 && Object.keys(args.where ?? {}).join() === 'id';
  if (isOfOne && !currentCall() && readerOf(name, args).operations.length === 0)
    beginOperation(args.req, undefined, { name, writes: true });
}

/** Whether a request is all that `findByID` hands on of one. */
function isBareRequest(request: unknown): boolean {
  if (!isObject(request)) return false;
  for (const key in request) if (key !== 'transactionID') return false;
  return true;
}

/** The document that `findByID` asks for. */
function documentOf({ where }: Readonly<Record<string, unknown>>): string | undefined {
  const { and } = (where ?? {}) as { and?: unknown };
  const first = Array.isArray(and) ? (and[0] as { id?: { equals?: unknown } } | null) : undefined;
  return shortId(first?.id?.equals);
}

/** One that nothing is known of: it may ask for anything, and may be a part of a write. */
const UNKNOWN: readonly Operation[] = [
  {
    name: '',
    writes: true,
    isBulk: false,
    id: undefined,
    call: undefined,
    state: undefined,
    directive: undefined,
    isSettled: true,
    hasInherited: false,
    isAuthenticated: true,
    isOver: false,
  },
];

function takeTrace(
  name: string,
  args: Readonly<Record<string, unknown>>,
  request: Request,
): readonly Operation[] {
  const document = traceOf(name, documentOf(args));
  const trace = traces.get(document);
  const operations = trace?.operations.filter(({ isOver }) => !isOver) ?? [];
  // It was forgotten, or its hooks took so long. What asks without a condition, has a transaction, or names none, is no
  // such operation's.
  if (!trace || operations.length === 0) {
    const { transactionID } = request;
    const isOther =
      args.where === undefined ||
      !('transactionID' in request) ||
      ['string', 'number'].includes(typeof transactionID);
    return isOther ? [] : UNKNOWN;
  }
  // Each reads its document once.
  const reads = trace.reads + 1;
  if (reads >= operations.length) traces.delete(document);
  else traces.set(document, { operations, reads });
  return operations;
}

/** Whether a read may be of a write operation: then it is the database's to answer. */
export function isOfWriteOperation({ request, operations, call }: Reader): boolean {
  const state = stateOf(request);
  if (state && (state.writing.size > 0 || (state.hasForgotten && !isOfCall(operations)))) return true;
  if (call?.operations.some(({ writes }) => writes)) return true;
  return operations.some((operation) => operation.writes || (operation.state?.writing.size ?? 0) > 0);
}

/** Whether it is certain that a read is of a call's operation. */
const isOfCall = (operations: readonly Operation[]): boolean =>
  operations.length > 0 && operations.every(({ call }) => call);

/** Whether somebody who is logged in may be asking. */
export function isOfSomebody({ request, operations }: Reader): boolean {
  return (
    (isObject(request) && Boolean((request as Request).user)) ||
    operations.some(({ isAuthenticated }) => isAuthenticated)
  );
}

/** Whether a read is certainly of a read operation of its own collection or global. */
export function isOfReadOperation({ operations }: Reader): boolean {
  return operations.length > 0 && operations.every(({ writes }) => !writes);
}

/**
 * What the operation of a read asks for.
 *
 * @param direct what the read's own context asks for: nobody knows which operation set it since it began
 * @throws PayloadKVError `INVALID_CACHE_DIRECTIVE` or `INVALID_DURATION` for what is no directive
 */
export function directiveOf(reader: Reader, direct: FoundDirective | undefined): ReadDirective {
  const found = reader.operations.map(({ directive }) => directive);
  if (direct) found.push(direct);
  // What is wrong with one operation is not for another to hear.
  const parse = found.length > 1 ? parseOrBypass : parseDirective;
  return mostCareful(found.map((directive) => directive && parse(directive)));
}

function parseOrBypass(found: FoundDirective): ReadDirective {
  try {
    return parseDirective(found);
  } catch {
    return { kind: 'bypass' };
  }
}

/**
 * Whether the request of a read carries a transaction. Payload sets a promise first, of the id or of `null` on adapters
 * without transactions; its data loader turns that promise into an empty object. Whatever is there, the request is in a
 * write operation, unless it is what one that is over left behind.
 */
export function carriesTransaction({ request, operations }: Reader): boolean | Promise<boolean> {
  if (!isObject(request)) return false;
  const { transactionID } = request as Request;
  if (transactionID === undefined || transactionID === null) return false;
  if (typeof transactionID !== 'object') return true;
  const isLeftOver = (state: RequestState | undefined): boolean => state?.hasEndedWrite ?? false;
  const isOver =
    operations.length > 0 ? operations.every(({ state }) => isLeftOver(state)) : isLeftOver(stateOf(request));
  if (!isOver) return true;
  if (!(transactionID instanceof Promise)) return false;
  return transactionID.then(
    (id) => id !== undefined && id !== null,
    () => true,
  );
}

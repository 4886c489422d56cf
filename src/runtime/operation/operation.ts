/**
 * Comes in: the begin and end of Payload's operations and calls, from the hooks that hook-operations.ts adds. Goes out:
 * which of them are under way on a request, and in a call. reader.ts says whose a read is.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pages, Recorder } from '../../interfaces/recorder.js';
import { isObject } from '../../platform/is-object.js';
import { shared } from '../../platform/shared.js';
import type { FoundDirective } from './directive.js';

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
  /** Its request as long as it goes on: whose user may change. */
  request: unknown;
  /** Whether it reads, and shows no hidden field; `false` until it is certain. */
  hidesSecrets: boolean;
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
  /** Whether it finds out who somebody is. */
  readonly authenticates: boolean;
  /** Hears of what is read in it. */
  readonly recorder: Recorder | undefined;
  isOver: boolean;
  /** What is left to do before its caller goes on, by whose it is. */
  readonly atEnd: Map<object, () => Promise<void>>;
}

/** What is under way on a request and on all of its copies. */
export interface RequestState {
  readonly reading: Set<Operation>;
  readonly writing: Set<Operation>;
  /** Whether a write operation that began without a transaction is over: what it left of one says nothing any more. */
  hasEndedWrite: boolean;
  /** Whether operations were forgotten since there were too many: any may be under way, a write as well. */
  hasForgotten: boolean;
  /** Who heard of what was read when the request was first seen: its data loader has nothing from before. */
  readonly recorder: Recorder | undefined;
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

/** Operations remembered of one request, where none of them is known to have ended. */
const MOST_UNENDED = 200;
/** Longest id that tells documents apart here; those of longer ids are all candidates for one another. */
const LONGEST_ID = 100;

/** What is looked at in a request. */
export interface Request {
  [STATE]?: RequestState;
  context?: unknown;
  payloadDataLoader?: unknown;
  transactionID?: unknown;
  user?: unknown;
}

/** What hears of the reads of this code: the innermost of what is recorded around it. */
export function currentRecorder(pages: Pages | undefined): Recorder | undefined {
  const recorder = currentCall()?.recorder;
  if (recorder && !recorder.holdsPages) return recorder;
  const page = pages?.recorder();
  // Once it is kept it answers without a read that could be heard.
  if (page) recorder?.refuse('untracked');
  return page ?? recorder;
}

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
  { authenticates = false, recorder }: { authenticates?: boolean; recorder?: Recorder } = {},
): Promise<Result> {
  const parent = currentCall();
  const call: Call = {
    parent,
    own: undefined,
    operations: [],
    authenticates,
    recorder: recorder ?? parent?.recorder,
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

/** An operation that has just begun, noted with the call that it is of. */
export function newOperation(begin: BeginningOperation, call?: Call): Operation {
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
    request: undefined,
    hidesSecrets: false,
    isOver: false,
  };
  call?.operations.push(operation);
  return operation;
}

/** An id that tells documents apart here. */
export function shortId(id: unknown): string | undefined {
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

/** Notes the end of an operation. */
export function endOperation(operation: Operation): void {
  operation.isOver = true;
  operation.request = undefined;
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
  return {
    reading: new Set(),
    writing: new Set(),
    hasEndedWrite: false,
    hasForgotten: false,
    recorder: currentCall()?.recorder,
  };
}

/**
 * Gives a request that was derived from another a state of its own, for a data loader of its own: it is in the same write
 * operations.
 */
export function deriveState(derived: Request, recorder: Recorder): void {
  const outer = stateOf(derived);
  const own = { reading: new Set<Operation>(), recorder };
  derived[STATE] = outer
    ? Object.assign(Object.create(outer) as RequestState, own)
    : { ...newState(), ...own };
}

/** What a request, or a copy of one, carries. */
export function stateOf(request: unknown): RequestState | undefined {
  if (!isObject(request)) return undefined;
  const { [STATE]: state, payloadDataLoader } = request as Request;
  if (state) return state;
  const byLoader = isObject(payloadDataLoader) ? statesByObject.get(payloadDataLoader) : undefined;
  // A frozen request takes no property.
  return byLoader ?? statesByObject.get(request);
}

/**
 * Tells the function that has a request for its own of a use that it does not hear of: what the data loader then remembers
 * it would read no more.
 *
 * @param recorder who hears of the use, if anybody does
 */
export function noteUse(request: unknown, recorder: Recorder | undefined): void {
  const owner = stateOf(request)?.recorder;
  if (owner && owner !== recorder) owner.refuse('shared-request');
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

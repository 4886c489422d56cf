/**
 * Comes in: a read of the adapter. Goes out: who asks, of the operations under way, and with it what the read may not be
 * answered with: anything at all for a part of a write, another's directive, a transaction's view.
 */

import { createExpiring } from '../../platform/expiring.js';
import { isObject } from '../../platform/is-object.js';
import { shared } from '../../platform/shared.js';
import { type FoundDirective, mostCareful, parseDirective, type ReadDirective } from './directive.js';
import {
  beginOperation,
  type Call,
  currentCall,
  newOperation,
  type Operation,
  type Request,
  type RequestState,
  shortId,
  stateOf,
} from './operation.js';

/**
 * Payload's `findByID` hands on nothing of its request but the transaction. So those that no call is known of are kept
 * by document: access control may end one before it reads anything, so that nobody takes it from here.
 */
const traces = shared('traces', () =>
  createExpiring<{ operations: Operation[]; reads: number }>({ max: 1_000, lifetime: 30_000 }),
);
/** Operations remembered of one document, which a Worker's memory has a thousand of, where none is known to have ended. */
const MOST_TRACED = 20;
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
  // A read without a request is of nobody's operation or transaction, wherever it is made.
  if (!isObject(request)) return NOBODY;
  const isBare = isBareRequest(request);
  const state = isBare ? undefined : stateOf(request);
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
function isBareRequest(request: object): boolean {
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
  { ...newOperation({ name: '', writes: true }), isSettled: true, isAuthenticated: true },
];

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

/** Whether this code runs, at whatever depth, for a write that goes on. */
export function isInsideWrite(): boolean {
  for (let call = currentCall(); call; call = call.parent) {
    if (call.operations.some(({ writes, isOver }) => writes && !isOver)) return true;
  }
  return false;
}

/** Whether this code runs, at whatever depth, for something that finds out who somebody is. */
export function isAuthenticating(): boolean {
  for (let call = currentCall(); call; call = call.parent) if (call.authenticates) return true;
  return false;
}

/**
 * Why what is made of users is not stored. Whoever finds out who somebody is has refused already, by that name: what it
 * reads decides what is answered, and is no part of it.
 */
export const refusalOfUsers = (): 'authentication' | 'auth-collection' =>
  isAuthenticating() ? 'authentication' : 'auth-collection';

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

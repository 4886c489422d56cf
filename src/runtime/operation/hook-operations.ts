import type { Payload, SanitizedConfig } from 'payload';
import { isObject } from '../../platform/is-object.js';
import { type FoundDirective, findDirective, moreCareful, withoutDirective } from './directive.js';
import {
  type BeginningOperation,
  beginOperation,
  currentCall,
  endOperation,
  noteUse,
  type Operation,
  operationOf,
  othersOnRequest,
  runCall,
  setQuietly,
} from './operation.js';
import { leaveTrace } from './reader.js';

/** Reading operations as `beforeOperation` hooks are told of them; whatever else there is writes, or may. */
const READING = new Set(['read', 'count', 'countVersions', 'readDistinct', 'readVersions', 'docAccess']);

type Hook = (event: { args?: unknown; operation?: unknown; req?: unknown }) => unknown;
type OwnHook = Hook & { isOfPayloadKV?: true };

interface Hooked {
  slug: string;
  hooks?: { beforeOperation?: Hook[]; afterOperation?: Hook[] };
  endpoints?: unknown;
}

/** What an operation's arguments tell of it. */
interface OperationArguments {
  /** Above 0 in the population of relations. */
  currentDepth?: unknown;
  id?: unknown;
  overrideAccess?: unknown;
  showHiddenFields?: unknown;
  where?: unknown;
}

const own = (hook: Hook): OwnHook => Object.assign(hook, { isOfPayloadKV: true as const });

const isPopulation = ({ currentDepth }: OperationArguments): boolean =>
  typeof currentDepth === 'number' && currentDepth > 0;

/**
 * Hooks every operation of the sanitised config, so that collections of plugins and Payload's own are among them. An
 * operation is noted before any hook of the user's reads; its directive is looked for once more after they may have set
 * it; and its end is noted after they have looked at its result.
 *
 * @param onForeignValue called where a context holds something under `cache` that is no directive
 */
export function hookOperations(config: SanitizedConfig, onForeignValue: () => void): void {
  const globals = new Set<unknown>(config.globals);
  for (const entity of [...config.collections, ...config.globals] as unknown as Hooked[]) {
    entity.hooks ??= {};
    const { beforeOperation = [], afterOperation = [] } = entity.hooks;
    if (beforeOperation.some((hook: OwnHook) => hook.isOfPayloadKV)) continue;
    const name = globals.has(entity) ? `@${entity.slug}` : entity.slug;
    const begin = own(({ args, operation, req }) =>
      noteBeginning(name, args, operation, req, onForeignValue),
    );
    entity.hooks.beforeOperation = [
      begin,
      ...beforeOperation,
      own(({ args, operation, req }) => settle(args, operation, req)),
    ];
    if (!globals.has(entity))
      entity.hooks.afterOperation = [...afterOperation, own(({ args }) => noteEnd(args))];
  }
}

function noteBeginning(
  name: string,
  args: unknown,
  operation: unknown,
  request: unknown,
  onForeignValue: () => void,
): void {
  const known = (args ?? {}) as OperationArguments;
  const writes = typeof operation !== 'string' || !READING.has(operation);
  const begun = beginOperation(request, args, { name, writes, isBulk: isBulk(known), id: known.id });
  const recorder = currentCall()?.recorder;
  if (writes) recorder?.refuse('write-operation');
  recorder?.hears?.(request, known.overrideAccess !== true);
  noteUse(request, recorder);
  const found = takeDirective(request);
  if (found) tellUnsettled(begun, found);
  else if (holdsCache(request)) onForeignValue();
  if (writes || isPopulation(known)) return;
  if (found && begun.call?.own !== begun) begun.hasInherited = true;
  begun.directive ??= found ?? inherited(begun);
}

/** Whether the context of a request holds something under `cache`: without a directive it is the site's own. */
function holdsCache(request: unknown): boolean {
  const { context } = (request ?? {}) as { context?: { cache?: unknown } };
  return (context?.cache ?? undefined) !== undefined;
}

/** A write of all that a `where` finds. */
const isBulk = ({ id, where }: OperationArguments): boolean => id === undefined && where !== undefined;

/** Takes a directive out of a request's context, so that nothing else that uses the request inherits it. */
function takeDirective(request: unknown): FoundDirective | undefined {
  const { context } = (request ?? {}) as { context?: unknown };
  const found = findDirective(context);
  if (found) setQuietly(request as object, 'context', withoutDirective(context, found));
  return found;
}

/**
 * What stood in the context of a request before its operations began is said to each of them: of those that no call was
 * made for, the first one took it out.
 */
function inherited(operation: ReturnType<typeof beginOperation>): FoundDirective | undefined {
  if (operation.call?.own === operation) return undefined;
  const taker = othersOnRequest(operation).find((other) => other.hasInherited);
  if (!taker?.directive || taker.directive.value === 'only') return undefined;
  return taker.directive;
}

/** Takes the directive that hooks of the user's have set meanwhile: of which operation is certain of a sole one. */
function settle(args: unknown, kind: unknown, request: unknown): void {
  const operation = operationOf(args);
  if (!operation || operation.isSettled) return;
  operation.isSettled = true;
  const { id, where, showHiddenFields } = args as OperationArguments;
  operation.hidesSecrets = (kind === 'read' || kind === 'count') && !showHiddenFields;
  operation.request = request;
  // A hook may have put another document in the place of the one asked for.
  if (id !== undefined && where === undefined) leaveTrace(operation, id);
  const found = takeDirective(request);
  if (!found || operation.writes) return;
  if (unsettledBeside(operation).length === 0) {
    operation.directive = found;
    return;
  }
  if (found.value !== 'only') operation.directive = moreCareful(found, operation.directive);
  tellUnsettled(operation, found);
}

const unsettledBeside = (operation: Operation): Operation[] =>
  othersOnRequest(operation).filter(({ isSettled }) => !isSettled);

/** A directive on a request may have been set by hooks of other operations that are going on. */
function tellUnsettled(taker: Operation, found: FoundDirective): void {
  if (found.value === 'only') return;
  for (const each of unsettledBeside(taker)) each.directive = moreCareful(found, each.directive);
}

function noteEnd(args: unknown): void {
  const operation = operationOf(args);
  // One that a call was made for is over when the call is.
  if (operation && operation.call?.own !== operation) endOperation(operation);
}

/** The methods of the Local API. */
const LOCAL_API = [
  'count',
  'countGlobalVersions',
  'countVersions',
  'create',
  'delete',
  'duplicate',
  'find',
  'findByID',
  'findDistinct',
  'findGlobal',
  'findGlobalVersionByID',
  'findGlobalVersions',
  'findVersionByID',
  'findVersions',
  'forgotPassword',
  'login',
  'resetPassword',
  'restoreGlobalVersion',
  'restoreVersion',
  'unlock',
  'update',
  'updateGlobal',
  'verifyEmail',
];
/** Those of them that read. */
const READS = /^(count|find)/;

/** Marks functions that run as calls already. */
const IS_CALL = Symbol.for('payload-kv.is-call');

type Callable = ((...args: unknown[]) => unknown) & { [IS_CALL]?: true };

interface LocalOptions extends OperationArguments {
  collection?: unknown;
  slug?: unknown;
  global?: unknown;
  context?: unknown;
  req?: { context?: unknown } | null;
}

/**
 * Lets each call of the Local API be one, with the directive that it was given: its context reaches a request that it
 * may share with others.
 */
export function callLocalAPI(payload: Payload): void {
  const methods = payload as unknown as Record<string, Callable | undefined>;
  for (const name of LOCAL_API) {
    const method = methods[name];
    if (typeof method !== 'function' || method[IS_CALL]) continue;
    // One that inherits from this instance calls it with itself as `this`, and may have parts of its own.
    const call: Callable = function (this: unknown, options, ...rest) {
      const self = this ?? payload;
      if (!isObject(options)) return method.call(self, options, ...rest);
      const [begin, given] = operationOfCall(options as LocalOptions, !READS.test(name));
      return runCall(begin, () => method.call(self, given, ...rest));
    };
    Object.defineProperty(call, 'name', { value: name });
    call[IS_CALL] = true;
    methods[name] = call;
  }
}

function operationOfCall(
  options: LocalOptions,
  writes: boolean,
): [BeginningOperation | undefined, LocalOptions] {
  const { collection, slug = options.global, context, req, id } = options;
  const found = findDirective(context);
  const given = found ? { ...options, context: withoutDirective(context, found) } : options;
  const name = typeof collection === 'string' ? collection : `@${String(slug)}`;
  if (writes) return [{ name, writes, isBulk: isBulk(options) }, given];
  const directive = found ?? (isPopulation(options) ? undefined : findDirective(req?.context));
  return [{ name, writes, id, directive }, given];
}

type Strategy = Record<string, unknown> & { authenticate: Callable };

/**
 * Lets each strategy of authentication run as one call: it reads users like anybody else, and needs what nobody else is
 * shown. Payload sets its strategies after it has begun to use its database.
 */
export function callStrategies(payload: Payload): void {
  let strategies: unknown = payload.authStrategies;
  Object.defineProperty(payload, 'authStrategies', {
    configurable: true,
    enumerable: true,
    get() {
      if (Array.isArray(strategies)) replaceByCalls(strategies);
      return strategies;
    },
    set(given: unknown) {
      strategies = given;
    },
  });
}

/** In the list itself: Payload adds to it what it has already given away. */
function replaceByCalls(strategies: Strategy[]): void {
  for (const [index, strategy] of strategies.entries()) {
    if (typeof strategy?.authenticate !== 'function' || strategy.authenticate[IS_CALL]) continue;
    const call: Callable = (...args) => {
      // It looks at headers, of which no key tells, and finds nobody without a read.
      currentCall()?.recorder?.refuse('authentication');
      return runCall(undefined, () => strategy.authenticate(...args), { authenticates: true });
    };
    call[IS_CALL] = true;
    try {
      // One of a class keeps what is private to it.
      strategies[index] = Object.create(strategy, { authenticate: { value: call, writable: true } });
    } catch {
      // A frozen list: areStrategiesCalls() tells.
    }
  }
}

/** Whether each strategy of authentication runs as a call. */
export function areStrategiesCalls({ authStrategies }: Payload): boolean {
  return (
    Array.isArray(authStrategies) &&
    (authStrategies as unknown as Strategy[]).every((strategy) => strategy?.authenticate?.[IS_CALL])
  );
}

/**
 * Lets the handler of each endpoint run as one call. Payload's own that restores a version is known by its place, since
 * older Payloads announce no such operation.
 */
export function callEndpoints(config: SanitizedConfig): void {
  for (const owner of [config, ...config.collections, ...config.globals] as Endpoints[]) {
    if (!Array.isArray(owner.endpoints)) continue;
    // Payload's own endpoints are the same objects in every config.
    owner.endpoints = owner.endpoints.map((endpoint: Endpoint) => {
      const { handler, method, path } = endpoint;
      if (typeof handler !== 'function' || handler[IS_CALL]) return endpoint;
      const restores = method === 'post' && path === '/versions/:id';
      const begin = restores ? { name: owner.slug ?? '', writes: true } : undefined;
      const call: Callable = (...args) => runCall(begin, () => handler(...args));
      call[IS_CALL] = true;
      return { ...endpoint, handler: call };
    });
  }
}

interface Endpoint {
  handler?: Callable;
  method?: unknown;
  path?: unknown;
}

interface Endpoints {
  slug?: string;
  endpoints?: unknown;
}

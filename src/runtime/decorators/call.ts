/** What the decorators make of a call: its key, whose cache it is for, and what its author says of it. */
import type { Payload } from 'payload';
import { parseDuration } from '../../duration.js';
import type { CacheWithoutPayload } from '../carried-instance.js';
import type { CachedOptions } from '../functions/context.js';
import { canonicalArguments } from '../query/canonical-arguments.js';
import { type Decorated, originalOf } from './decorator.js';
import { countOfParameters, invalidKey, isName, parseTemplate, resolveTemplate } from './template.js';

/** A key: a list of values, or a text, which is a list of that text. */
export type CallKey = string | readonly unknown[];

/** What a result is found by: a template, or a function of the arguments and of `this`. */
export type KeyOption<Args, Self, Rest extends unknown[] = []> =
  | string
  | ((args: Args, self: Self, ...rest: Rest) => CallKey);

/** Names of the site's own, by which results are made stale. */
export type TagsOption<Args, Self, Rest extends unknown[] = []> =
  | readonly string[]
  | ((args: Args, self: Self, ...rest: Rest) => readonly string[]);

/** Which cache is meant: by default that of the function around, else the only one of the process. */
export interface CacheOfCall<Self> {
  /** The Payload instance whose cache it is, or a function of `this`. */
  payload?: Payload | ((self: Self) => Payload | undefined);
  /** A cache without Payload, made by `createCache()` of `payload-kv/cache`, or a function of `this`. */
  cache?: CacheWithoutPayload | ((self: Self) => CacheWithoutPayload | undefined);
}

/** Longest namespace in characters. */
const LONGEST_NAMESPACE = 100;

/**
 * Refuses options that cannot be, when the class is defined.
 *
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` or `INVALID_DURATION`
 */
export function checkOptions(
  what: string,
  options: Pick<CachedOptions, 'namespace' | 'ttl' | 'swr' | 'staleIfError'> & { tags?: unknown },
  { needsNamespace = true } = {},
): void {
  const { namespace, ttl, swr, staleIfError, tags } = options;
  const isNamed = typeof namespace === 'string' && namespace !== '' && namespace.length <= LONGEST_NAMESPACE;
  if (!isNamed && (needsNamespace || namespace !== undefined)) {
    throw invalidKey(
      `${what} needs a namespace, a text of at most ${LONGEST_NAMESPACE} characters. The class's name would not do: minifiers rename classes, and two would share their results.`,
      `Name it: ${what}({ namespace: 'users' }).`,
    );
  }
  if (ttl !== undefined) parseDuration(ttl, 'ttl');
  if (swr) parseDuration(swr, 'swr');
  if (staleIfError) parseDuration(staleIfError, 'staleIfError');
  const isList = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && tag !== '');
  if (tags !== undefined && typeof tags !== 'function' && !isList)
    throw invalidKey(
      `tags of ${what} must be a list of texts, or a function of the arguments.`,
      "Write for example tags: ['users'].",
    );
  if (isList && tags.some((tag) => /[#$]\{/.test(tag)))
    throw invalidKey(
      `tags of ${what} are no templates.`,
      'Give a function of the arguments: tags: ([id]) => [`user-$' + '{id}`].',
    );
}

/** Says which key a call has. */
export type KeyOfCall = (args: readonly unknown[], self: unknown, ...rest: unknown[]) => readonly unknown[];

/**
 * Reads the `key` of a decorator.
 *
 * @returns `undefined` where neither it nor `@CacheKey()` says anything
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` for what can never be resolved
 */
export function keyOfCall(
  { key, params }: { key?: KeyOption<any, any, any>; params?: readonly string[] },
  { method, marked, label }: Decorated,
): KeyOfCall | undefined {
  if (params !== undefined && typeof key !== 'string')
    throw invalidKey(
      `${label} has params, which name parameters for a template, and its key is none.`,
      "Write for example key: 'user:#{id}', params: ['id'].",
    );
  if (key !== undefined && marked.length > 0)
    throw invalidKey(`${label} has a key, and parameters that @CacheKey() marks.`, 'Leave one of both out.');
  if (typeof key === 'string') {
    const count = countOfParameters(originalOf(method));
    const template = parseTemplate(key, { names: checkedNames(params ?? [], count, label), count });
    return (args) => resolveTemplate(template, args);
  }
  if (typeof key === 'function')
    return (args, self, ...rest) => {
      const made = key(args, self, ...rest);
      return typeof made === 'string' ? [made] : made;
    };
  if (key !== undefined) throw invalidKey(`The key of ${label} is neither a text nor a function.`);
  return marked.length > 0 ? (args) => marked.map((position) => args[position]) : undefined;
}

function checkedNames(names: readonly string[], count: number | undefined, label: string): readonly string[] {
  const isRight = Array.isArray(names) && names.every(isName) && new Set(names).size === names.length;
  if (!isRight || (count !== undefined && names.length > count))
    throw invalidKey(
      `params of ${label} must name its parameters, each once, in their order.`,
      "Write for example params: ['id'].",
    );
  return names;
}

/** Whether a key names something that can be found. */
export const isTold = (key: readonly unknown[]): boolean => canonicalArguments({ key }) !== undefined;

/** Whose cache a call is for. */
export function cacheOfCall(
  { payload, cache }: CacheOfCall<any>,
  self: unknown,
): Pick<CachedOptions, 'payload' | 'cache'> {
  const named = typeof payload === 'function' ? payload(self) : payload;
  const without = typeof cache === 'function' ? cache(self) : cache;
  return { ...(named && { payload: named }), ...(without && { cache: without }) };
}

/** What `tags` come to. */
export function tagsOfCall(tags: TagsOption<any, any, any> | undefined, ...of: unknown[]): readonly string[] {
  if (typeof tags !== 'function') return tags ?? [];
  return (tags as (...of: unknown[]) => readonly string[])(...of);
}

/** What `when` or `unless` says. A promise would always mean yes. */
export function answer(name: string, said: unknown): boolean {
  if (typeof (said as { then?: unknown } | null | undefined)?.then === 'function')
    throw invalidKey(
      `${name} must say true or false at once, and not a promise.`,
      'Make it a function that is not async.',
    );
  return Boolean(said);
}

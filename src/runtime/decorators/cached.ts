/** Methods whose results are kept: each call is one of `cached`. */
import type { PayloadRequest } from 'payload';
import { isPlainObject } from '../../platform/is-object.js';
import { cached } from '../functions/cached.js';
import type { CachedOptions, FunctionContext } from '../functions/context.js';
import { bypassing } from '../functions/run.js';
import { siteOf } from '../functions/site-of.js';
import {
  answer,
  type CacheOfCall,
  cacheOfCall,
  checkOptions,
  type KeyOption,
  keyOfCall,
  type TagsOption,
  tagsOfCall,
} from './call.js';
import { holderOf, type Method, methodDecorator } from './decorator.js';
import { noteResults, refuseSameResults } from './same-results.js';
import type { DecoratesGetters, DecoratesMethods } from './types.js';

/** How the results of a method are kept. */
export interface CachedMethodOptions<Args extends readonly any[] = any[], Result = any, Self = any>
  extends Omit<CachedOptions, 'key' | 'namespace' | 'req' | 'payload' | 'cache'>,
    CacheOfCall<Self> {
  /** Sets the keys apart from those of other methods. Its name is no default: minifiers rename classes. */
  namespace: string;
  /**
   * What the result of a call is found by. A template, such as `'user:#{0.id}'`, or a function of the arguments and of
   * `this`. Default: the parameters that `@CacheKey()` marks, or all arguments. The instance is not in it.
   */
  key?: KeyOption<Args, Self>;
  /** The names of the parameters, in their order, for a template that names them: `'user:#{id}'`. */
  params?: readonly string[];
  /** Names of the site's own that make the result stale. Default none. */
  tags?: TagsOption<Args, Self>;
  /** Says before a call whether the cache is asked. Default: always. */
  when?: (args: Args, self: Self) => boolean;
  /** Says of what a call returned that it is not stored. Default: never. */
  unless?: (result: Result, args: Args, self: Self) => boolean;
  /**
   * The request that a call is made for: see `req` of `CachedOptions`. Where it is an argument, or `req` of one, the method
   * gets in its place the one that it is to read with.
   */
  req?: (args: Args, self: Self) => Partial<PayloadRequest> | undefined;
}

/**
 * Keeps what a method returns: each call is a call of `cached`, which records what it reads through Payload. What it throws
 * is not kept. For methods, also static and private ones, and for getters that return a promise; one that returns none
 * returns one from then on. Serves the decorators of the language and TypeScript's legacy ones.
 *
 * @throws PayloadKVError where the class is defined: `INVALID_FUNCTION_KEY` without a namespace, or for a template that
 *   cannot be resolved; `INVALID_DURATION`; `INVALID_DECORATOR` on anything else than a method or a getter, and on
 *   generators. At the first call: `INVALID_FUNCTION_KEY` for two methods of a class that would share their results
 */
export function Cached<Args extends readonly any[] = any[], Result = any, Self = any>(
  options: CachedMethodOptions<Args, Result, Self>,
): DecoratesMethods<Args, Result, Self> & DecoratesGetters<Result, Self> {
  checkOptions('@Cached', options);
  const { namespace, key, params, tags, when, unless, req, payload, cache, ...rest } =
    options as CachedMethodOptions<any, any, any>;
  return methodDecorator(
    '@Cached',
    (decorated) => {
      const { method, name } = decorated;
      const keyOf = keyOfCall({ key, params }, decorated) ?? ((args) => args);
      const checked = new WeakSet<object>();

      const replacing: Method = async function (this: unknown, ...args) {
        const holder = Object(holderOf(this));
        if (!checked.has(holder)) {
          refuseSameResults(replacing, this);
          checked.add(holder);
        }
        const asked = req?.(args, this);
        const run = async (context: FunctionContext): Promise<unknown> => {
          const named = tagsOfCall(tags, args, this);
          if (named.length > 0) context.tag(...named);
          const result = await method.apply(this, asked ? handedOn(args, asked, context) : args);
          if (unless && answer('unless', unless(result, args, this))) context.discard();
          return result;
        };
        const given = {
          ...rest,
          ...cacheOfCall({ payload, cache }, this),
          namespace,
          ...(asked && { req: asked }),
        };
        if (when && !answer('when', when(args, this)))
          return bypassing(run, { ...given, key: [] }, siteOf(given));
        return cached(run, { ...given, key: keyOf(args, this) });
      };

      noteResults(replacing, { name, namespace, key, payload, cache });
      return replacing;
    },
    { getters: true },
  );
}

/** The arguments of a call, with the request of its run in the place of the one that it was made for. */
function handedOn(args: readonly unknown[], from: object, context: FunctionContext): unknown[] {
  return args.map((value) => {
    if (value === from) return context.req;
    return isPlainObject(value) && value.req === from ? { ...value, req: context.req } : value;
  });
}

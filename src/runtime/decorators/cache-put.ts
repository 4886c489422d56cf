/** Methods that make what others have kept: what they return is put in its place. */
import type { Duration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import { namespace as namespaceOf } from '../functions/namespace.js';
import { checkOpen, siteOf } from '../functions/site-of.js';
import { transactionAround } from '../operation/transaction-around.js';
import {
  answer,
  type CacheOfCall,
  cacheOfCall,
  checkOptions,
  isTold,
  type KeyOption,
  keyOfCall,
  type TagsOption,
  tagsOfCall,
} from './call.js';
import { type Method, methodDecorator } from './decorator.js';
import { invalidKey } from './template.js';
import type { DecoratesMethods } from './types.js';

/** Where the results of a method are put. */
export interface CachePutOptions<Args extends readonly any[] = any[], Result = any, Self = any>
  extends CacheOfCall<Self> {
  /** That of the method that reads them. */
  namespace: string;
  /**
   * That of the method that reads them: a template, such as `'user:#{0.id}'`, or a function of the arguments, of `this` and
   * of the result. Default: the parameters that `@CacheKey()` marks. Asked when the method has returned.
   */
  key?: KeyOption<Args, Self, [result: Result]>;
  /** The names of the parameters, in their order, for a template that names them: `'user:#{id}'`. */
  params?: readonly string[];
  /** How long the result may be served. Default: the namespace's, or the cache's `ttl`. */
  ttl?: Duration;
  /** Names of the site's own that make it stale. Default none. */
  tags?: TagsOption<Args, Self, [result: Result]>;
  /** Says before a call whether anything is put. Default: always. */
  when?: (args: Args, self: Self) => boolean;
  /** Says of a result that it is not stored; what was there is stale all the same. Default: never. */
  unless?: (result: Result, args: Args, self: Self) => boolean;
}

/**
 * Always runs a method, and puts what it returned under its key, for those who read it there. It is everybody's who has
 * the key. A result without a lossless text form, and one that `unless` names, is not stored: what was there is made stale.
 * Where it throws, nothing is.
 *
 * @throws PayloadKVError where the class is defined: `INVALID_FUNCTION_KEY` without a namespace or a key, or for a template
 *   that cannot be resolved; `INVALID_DURATION`; `INVALID_DECORATOR` on anything else than a method, and on generators
 */
export function CachePut<Args extends readonly any[] = any[], Result = any, Self = any>(
  options: CachePutOptions<Args, Result, Self>,
): DecoratesMethods<Args, Result, Self> {
  checkOptions('@CachePut', options);
  const { namespace, key, params, ttl, tags, when, unless, ...cache } = options as CachePutOptions<
    any,
    any,
    any
  >;
  return methodDecorator(
    '@CachePut',
    (decorated) => {
      const { method, label } = decorated;
      const keyOf = keyOfCall({ key, params }, decorated);
      if (!keyOf)
        throw invalidKey(
          `${label} needs a key: its arguments are not those of the method that reads what it puts.`,
        );
      const replacing: Method = async function (this: unknown, ...args) {
        if (when && !answer('when', when(args, this))) return method.apply(this, args);
        const given = cacheOfCall(cache, this);
        // Before it runs: what it does should not be done where this throws.
        checkOpen(given);
        siteOf(given);
        const result = await method.apply(this, args);
        const space = namespaceOf(namespace, given);
        let found: readonly unknown[] | undefined;
        const drop = (): Promise<void> => (found && isTold(found) ? space.delete(found) : space.clear());
        try {
          found = keyOf(args, this, result);
          const isKept =
            isTold(found) &&
            !(unless && answer('unless', unless(result, args, this))) &&
            // It may be rolled back.
            (await transactionAround()) === undefined;
          if (isKept) await space.set(found, result, { ttl, tags: tagsOfCall(tags, args, this, result) });
          else await drop();
        } catch (error) {
          // What was there is old, whatever has failed.
          await drop().catch(() => undefined);
          // It has done what it was called for.
          if (!(error instanceof PayloadKVError) || error.code !== 'VALUE_NOT_STORABLE') throw error;
          const count = siteOf(given)?.reads.counts('function', namespace);
          if (count) count.uncacheable += 1;
        }
        return result;
      };
      return replacing;
    },
    { getters: false },
  );
}

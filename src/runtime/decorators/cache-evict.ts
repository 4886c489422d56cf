/** Methods that make stale what others have kept. */
import { namespace as namespaceOf } from '../functions/namespace.js';
import { checkOpen, siteOf } from '../functions/site-of.js';
import { invalidateCache } from '../instance.js';
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

/** What a method makes stale: what is under a `key` of a `namespace`, `all` of one, or what depends on `tags`. */
export interface CacheEvictOptions<Args extends readonly any[] = any[], Self = any>
  extends CacheOfCall<Self> {
  /** That of the method that reads them. */
  namespace?: string;
  /**
   * That of the method that reads them: a template, such as `'user:#{0.id}'`, or a function of the arguments and of `this`.
   * Or the parameters that `@CacheKey()` marks. Asked before the method runs.
   */
  key?: KeyOption<Args, Self>;
  /** The names of the parameters, in their order, for a template that names them: `'user:#{id}'`. */
  params?: readonly string[];
  /** Names of the site's own. Asked before the method runs. */
  tags?: TagsOption<Args, Self>;
  /** All of the namespace. */
  all?: boolean;
  /** Before the method runs, whatever becomes of it. Default `false`: when it has returned. */
  before?: boolean;
  /** Says before a call whether anything is made stale. Default: always. */
  when?: (args: Args, self: Self) => boolean;
}

/**
 * Makes stale what others have kept, when a method has returned. Where it throws, nothing is, unless `before` says so.
 * Where the key of a call cannot be told, all of its namespace is made stale.
 *
 * @throws PayloadKVError where the class is defined: `INVALID_FUNCTION_KEY` for what names nothing, or two things, or for a
 *   template that cannot be resolved; `INVALID_DECORATOR` on anything else than a method, and on generators
 */
export function CacheEvict<Args extends readonly any[] = any[], Self = any>(
  options: CacheEvictOptions<Args, Self>,
): DecoratesMethods<Args, any, Self> {
  const { namespace, key, params, tags, all, before, when, ...cache } = options as CacheEvictOptions<
    any,
    any
  >;
  checkOptions('@CacheEvict', options, { needsNamespace: tags === undefined });
  return methodDecorator(
    '@CacheEvict',
    (decorated) => {
      const { method, label } = decorated;
      const keyOf = keyOfCall({ key, params }, decorated);
      if ([keyOf, tags, all || undefined].filter((each) => each !== undefined).length !== 1)
        throw invalidKey(
          `${label} must name one of key, tags and all: what it makes stale.`,
          "Write for example { namespace: 'users', key: '#{0}' }, or two decorators.",
        );
      const replacing: Method = async function (this: unknown, ...args) {
        if (when && !answer('when', when(args, this))) return method.apply(this, args);
        const given = cacheOfCall(cache, this);
        // Before it runs: what it does should not be done where this throws.
        checkOpen(given);
        const site = siteOf(given);
        const found = keyOf?.(args, this);
        const named = tagsOfCall(tags, args, this);
        const evict = async (): Promise<void> => {
          if (namespace === undefined || tags) return site && invalidateCache(site.payload, { tags: named });
          const space = namespaceOf(namespace, given);
          return found && isTold(found) ? space.delete(found) : space.clear();
        };
        if (before) await evict();
        const result = await method.apply(this, args);
        if (!before) await evict();
        return result;
      };
      return replacing;
    },
    { getters: false },
  );
}

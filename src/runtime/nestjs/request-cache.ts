/** What is asked more than once while one request is answered. */
import { Injectable, Scope } from '@nestjs/common';
import { PayloadKVError } from '../../errors.js';
import { canonicalArguments } from '../query/canonical-arguments.js';
import type { CacheKey } from '../standalone/standalone-cache.js';

/**
 * A provider of one request: what it holds is gone with that. Whoever injects it is made anew for each request, as all
 * request-scoped providers of Nest are.
 */
export class RequestCache {
  readonly #kept = new Map<string, Promise<unknown>>();

  /**
   * Runs a function once for each key, and has all who ask in this request wait for the same. They are given the very
   * same object, not copies. What is thrown is not kept.
   *
   * @throws PayloadKVError `INVALID_FUNCTION_KEY` for a key that has no canonical form
   */
  async once<Result>(key: CacheKey, fn: () => Result | Promise<Result>): Promise<Result> {
    const text = canonicalArguments({ key });
    if (text === undefined) {
      throw new PayloadKVError({
        code: 'INVALID_FUNCTION_KEY',
        message: 'A key of RequestCache cannot be told from others.',
        nextStep: 'Make it of texts, numbers, dates, lists and plain objects.',
      });
    }
    let kept = this.#kept.get(text) as Promise<Result> | undefined;
    if (!kept) {
      kept = (async () => fn())();
      this.#kept.set(text, kept);
      kept.catch(() => this.#kept.delete(text));
    }
    return kept;
  }
}

Injectable({ scope: Scope.REQUEST })(RequestCache);

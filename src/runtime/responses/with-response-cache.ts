import type { ResponsePolicy } from './policy.js';
import { createResponseCache } from './response-cache.js';

/**
 * Has the responses of a handler answered from the cache, while all that the handler has read through Payload is as it
 * was. For route handlers of Next, Payload's own among them, and for whatever else makes a `Response` of a `Request`.
 *
 * Only `GET`, `HEAD`, and queries of GraphQL are; only where nobody has signed in, unless the policy says how people are
 * told apart. Whatever else is asked is passed on to the handler untouched. What a handler reads of the request is watched:
 * headers that it has read are part of what its response is found by.
 *
 * @throws PayloadKVError `INVALID_RESPONSE_POLICY` or `INVALID_DURATION` for a policy that cannot be
 */
export function withResponseCache<
  Handler extends (request: any, ...rest: any[]) => Response | Promise<Response>,
>(handler: Handler, policy: ResponsePolicy = {}): Handler {
  const cache = createResponseCache(policy);
  const answer = (request: Request, ...rest: unknown[]): Promise<Response | undefined> =>
    cache(request, (rest[0] as { params?: unknown } | undefined)?.params, (shown) => handler(shown, ...rest));
  return answer as unknown as Handler;
}

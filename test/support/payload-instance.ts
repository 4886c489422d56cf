/**
 * Several Payloads in one process. Newer ones have a key for each instance; before it `getPayload` gave everybody the
 * first, which one process's REST server took for its own as well.
 */
import type * as payload3 from 'payload';
import type { Payload, SanitizedConfig } from 'payload';

type PayloadModule = Pick<typeof payload3, 'getPayload' | 'handleEndpoints'>;

interface Instance {
  payload: Payload | null;
  promise: unknown;
  reload: boolean;
}

/** What Payload keeps its instances in: by key, or a single one. */
const instances = (): Map<string, Instance> | Instance | undefined =>
  (globalThis as { _payload?: Map<string, Instance> | Instance })._payload;

/** One more Payload in this process. */
export async function startInstance(
  module: Pick<PayloadModule, 'getPayload'>,
  config: SanitizedConfig,
  key: string,
): Promise<Payload> {
  // An older one takes a newer one's map for its own single place.
  const known = instances();
  if (known) Object.assign(known, { payload: null, promise: null, reload: false });
  return module.getPayload({ config, key });
}

/** Answers a request to the REST API of one of them. */
export async function answer(
  module: Pick<PayloadModule, 'handleEndpoints'>,
  payload: Payload,
  key: string,
  request: Request,
): Promise<Response> {
  const known = instances();
  // Both are read before anything is waited for, so that requests to several instances keep apart.
  const own = known instanceof Map ? known.get(key) : undefined;
  if (known instanceof Map && own) known.set('default', own);
  if (known) Object.assign(known, { payload, promise: null, reload: false });
  return module.handleEndpoints({ config: payload.config, request, payloadInstanceCacheKey: key });
}

/** Ends a Payload. Older ones leave it to who started them to end their adapter. */
export async function stopInstance(payload: Payload): Promise<void> {
  if (typeof payload.destroy === 'function') await payload.destroy();
  else await payload.db.destroy?.();
}

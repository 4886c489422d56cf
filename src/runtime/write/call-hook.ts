import type { InvalidationEvent, InvalidationHook, PayloadKVOptions } from '../policy/options.js';

/** Calls the site's hook on an invalidation. Its error is logged, and nothing else. */
export async function callHook({ hooks: given }: PayloadKVOptions, event: InvalidationEvent): Promise<void> {
  const hooks = given?.[`${event.type}s`] as Record<string, InvalidationHook | undefined> | undefined;
  try {
    if (hooks && Object.hasOwn(hooks, event.slug)) await hooks[event.slug]?.(event);
  } catch (error) {
    event.payload.logger.error({
      err: error,
      msg: `payload-kv: the hook of ${event.type} "${event.slug}" failed`,
    });
  }
}

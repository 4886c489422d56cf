import type { StoreHealth } from '../interfaces/store.js';

/** What a store says of itself after asking its backend something. */
export async function healthOf(ask: () => unknown): Promise<StoreHealth> {
  try {
    await ask();
    return { ok: true };
  } catch (error) {
    return notHealthy(error);
  }
}

/** What a fault says of a store. */
export function notHealthy(error: unknown): StoreHealth {
  return { ok: false, message: error instanceof Error ? error.message : String(error) };
}

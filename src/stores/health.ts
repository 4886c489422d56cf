import type { StoreHealth } from '../interfaces/store.js';

/** What a store says of itself after asking its backend something. */
export async function healthOf(ask: () => unknown): Promise<StoreHealth> {
  try {
    await ask();
    return { ok: true };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

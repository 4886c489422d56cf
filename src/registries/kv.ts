import { PayloadKVError } from '../errors.js';
import { versionKey } from '../interfaces/keys.js';
import { NEVER_REPLACED, newVersion, type Registry, type ReplaceContext } from '../interfaces/registry.js';
import type { Store } from '../interfaces/store.js';
import { sleep } from '../platform/sleep.js';
import { valueAt } from '../platform/value-at.js';

/** Options of {@link kvRegistry}. */
export interface KVRegistryOptions {
  /**
   * Shortest time between two writes of the same key, in milliseconds. Cloudflare KV takes one write a second and key
   * (its documented limit). Default 1,000.
   */
  interval?: number;
  /**
   * How long another location may go on reading the version before a replacement, in seconds; this process keeps to
   * its own replacement that long. Cloudflare says 60 seconds or more. Default 120.
   */
  propagation?: number;
  /** Attempts to write a version before the write's caller is told. Default 5. */
  attempts?: number;
}

interface Slot {
  /** When the key was last written, in milliseconds. */
  writtenAt: number;
  /** The version still to be written; a later replacement takes its place. */
  waiting: string | undefined;
  /** When the one who writes it was last heard of, in milliseconds. */
  activeAt: number;
  /** Seconds for which the version is kept. */
  lifetime: number | undefined;
  running: Promise<void> | undefined;
  /** Whether the last attempt failed: who replaces the tag meanwhile waits too, and is told. */
  isFailing: boolean;
}

const newSlot = (): Slot => ({
  writtenAt: 0,
  activeAt: 0,
  waiting: undefined,
  lifetime: undefined,
  running: undefined,
  isFailing: false,
});

/** Longest pause between attempts, in milliseconds. */
const LONGEST_PAUSE = 10_000;

/**
 * Who has not been heard of for so long is gone, in milliseconds, as a writer is in workerd when its request ends. Short
 * enough for another to notice: a Worker's request goes on for at most 30 seconds after its response.
 */
const LONGEST_SILENCE = 15_000;

/**
 * Tag versions in the store itself, beside the entries, so that one call brings both. Replacements of the same tag
 * within a second become two writes, the first and the last.
 *
 * One function: its methods share what waits to be replaced.
 */
export function kvRegistry(store: Store, options: KVRegistryOptions = {}): Registry {
  const interval = options.interval ?? 1_000;
  const attempts = options.attempts ?? 5;
  const slots = new Map<string, Slot>();

  async function write(key: string, slot: Slot, isAwaited: boolean): Promise<void> {
    for (let attempt = 1; slot.waiting !== undefined; ) {
      const pause = slot.writtenAt + interval - Date.now();
      // More than the interval only where the clock was set back.
      if (pause > 0) await sleep(Math.min(pause, interval));
      const version = slot.waiting;
      try {
        slot.writtenAt = Date.now();
        slot.activeAt = slot.writtenAt;
        await store.set(key, version, slot.lifetime);
        slot.isFailing = false;
        if (slot.waiting === version) slot.waiting = undefined;
        attempt = 1;
      } catch (error) {
        slot.isFailing = true;
        // A binding that is missing will be missing in a second, and nothing was written that would need a pause.
        if (error instanceof PayloadKVError) slot.writtenAt = 0;
        // In the background nobody else would try again: who asked for it was told that it will be written.
        if ((attempt >= attempts && isAwaited) || error instanceof PayloadKVError) throw error;
        attempt += 1;
        // Another isolate writes the same key: spread the attempts, so that they do not meet again.
        const spread = interval * (0.5 + Math.random()) * 1.5 ** (attempt - 2);
        await sleep(Math.min(spread, LONGEST_PAUSE), attempt <= attempts);
        slot.activeAt = Date.now();
      }
    }
  }

  /** Writes a version; what must wait for the key's interval goes to the background where there is one. */
  async function put(key: string, version: string, context: ReplaceContext | undefined): Promise<void> {
    const current = valueAt(slots, key, newSlot);
    if (Date.now() - current.activeAt >= LONGEST_SILENCE) current.running = undefined;
    const isLeading = !current.running && Date.now() - current.writtenAt >= interval;
    const waits = isLeading || current.isFailing || !context?.background;
    current.waiting = version;
    current.lifetime = context?.lifetime;
    const joined = current.running;
    const running = joined ?? begin(key, current, waits);
    if (waits) await running;
    else context?.background?.(joined ? outlive(key, current, joined) : running);
  }

  function begin(key: string, slot: Slot, isAwaited: boolean): Promise<void> {
    slot.activeAt = Date.now();
    const running = write(key, slot, isAwaited).finally(() => {
      if (slot.running === running) slot.running = undefined;
      if (slot.waiting === undefined) forgetOld();
    });
    slot.running = running;
    return running;
  }

  /** Waits for the writer that a version was left to, and writes it if that one is gone. */
  async function outlive(key: string, slot: Slot, joined: Promise<void>): Promise<void> {
    const ended = joined.catch(() => undefined);
    while (slot.waiting !== undefined && slot.running === joined) {
      const silence = slot.activeAt + LONGEST_SILENCE - Date.now();
      if (silence <= 0) return begin(key, slot, false);
      await Promise.race([ended, sleep(silence, false)]);
    }
  }

  function forgetOld(): void {
    if (slots.size < 10_000) return;
    for (const [name, slot] of slots) {
      if (slots.size < 5_000) return;
      if (!slot.running && Date.now() - slot.writtenAt > interval) slots.delete(name);
    }
  }

  return {
    name: 'kv',
    defaultConsistency: 'eventual',
    canBeStrong: false,
    propagation: options.propagation ?? 120,
    storeKey: versionKey,
    readStored: (value) => value ?? NEVER_REPLACED,
    async get(tags) {
      return (await store.getMany(tags.map(versionKey))).map((value) => value ?? NEVER_REPLACED);
    },
    async replace(tags, context) {
      const versions = tags.map(() => context?.version ?? newVersion());
      await Promise.all(tags.map((tag, index) => put(versionKey(tag), versions[index] as string, context)));
      return versions;
    },
  };
}

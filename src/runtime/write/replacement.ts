/** The replacement of versions in the registry, and making up for one that failed. */
import type { Registry, ReplaceContext } from '../../interfaces/registry.js';
import type { Background } from '../../platform/background.js';
import { sleep } from '../../platform/sleep.js';
import type { FaultGuard } from '../fault/fault-guard.js';
import type { Alone } from '../versions/alone.js';
import type { SliceSets } from '../versions/slice-sets.js';
import type { VersionMemory } from '../versions/version-memory.js';
import { createCountedTags } from './counted-tags.js';

/** What replacements work with. */
export interface ReplacementParts {
  registry: Registry;
  sliceSets: SliceSets;
  versions: VersionMemory;
  background: Background;
  /** What the process goes by until the registry is told. */
  alone?: Alone | undefined;
  /** Bounds what a registry that cannot replace costs a write. */
  replacementGuard: FaultGuard;
  /** Seconds for which new versions must be kept. */
  lifetime: number;
  operations: { registryReads: number; registryReplacements: number };
}

/** Replaces versions. */
export interface Replacement {
  /**
   * Replaces versions. What cannot be replaced now is replaced in the background; until then this process serves
   * nothing that depends on it.
   */
  replace(tags: readonly string[]): Promise<void>;
  /** Asks the registry once, without a limit in time. Rejects where it fails. */
  ask(tags: readonly string[], context?: ReplaceContext): Promise<string[]>;
  /** Names the slice sets of tags that somebody replaced otherwise, now or in the background. */
  nameSetsOrLater(tags: readonly string[]): Promise<void>;
  /** Has nothing served that depends on the tags, until {@link release}. */
  hold(tags: readonly string[]): void;
  release(tags: readonly string[]): void;
  /** Whether a replacement of one of the tags is not done. Sees to those that are left for later. */
  isPending(tags: readonly string[]): boolean;
}

/** Attempts to replace versions before the write goes on and the rest happens in the background. */
const ATTEMPTS = 3;
/** Tags left for later one by one; of more than that, everything becomes stale instead. */
const MOST_LATE = 10_000;
/** Longest pause between background attempts, in milliseconds. */
const LONGEST_RETRY_PAUSE = 30_000;
/** How long one attempt in the background may take before it is taken for dead, in milliseconds. */
const LONGEST_SILENCE = 10_000;

/**
 * Creates the replacement of versions of one site. One function, for all in it shares what is pending and what is late.
 *
 * @param everyTag tags of which every query depends on one, in place of those that are late
 */
export function createReplacement(
  parts: ReplacementParts,
  everyTag: (late: Iterable<string>) => string[],
): Replacement {
  const { registry, sliceSets, versions, alone, replacementGuard: guard } = parts;
  const pending = createCountedTags();
  /** Tags whose replacement failed, with the number of the failure: one begun after it makes up for it. */
  const late = new Map<string, number>();
  let failures = 0;
  /** Who makes up for them, and by when more must have been heard of it, in milliseconds. */
  let maker = 0;
  let heardBy = 0;

  function ask(tags: readonly string[], context?: ReplaceContext): Promise<string[]> {
    parts.operations.registryReplacements += 1;
    return registry.replace(tags, {
      ...context,
      lifetime: parts.lifetime,
      origin: versions.listener.origin,
      background: (work) => parts.background.run(work),
    });
  }

  /**
   * Sees to it that those with other slices know the sets of a write. After the write, and after its commit: who knows
   * them from then on has read what it wrote.
   */
  async function nameSets(tags: readonly string[]): Promise<void> {
    const registers = sliceSets.registersOf(tags);
    if (registers.length === 0) return;
    parts.operations.registryReads += 1;
    const found = await registry.get(registers);
    await Promise.all(
      registers.map(async (register, index) => {
        const version = sliceSets.versionNaming(register, found[index]);
        if (version === undefined) return;
        const asked = versions.moment();
        versions.replaced([register], await ask([register], { version }), asked);
      }),
    );
  }

  /** One attempt to replace versions, in bounded time. Makes up for earlier ones that failed for the same tags. */
  async function attempt(tags: readonly string[], isProbe = false): Promise<boolean> {
    const failuresBefore = failures;
    const asked = versions.moment();
    const replaced = await guard.run(() => Promise.all([ask(tags), nameSets(tags)]), { isProbe });
    if (!replaced) return false;
    versions.replaced(tags, replaced[0], asked);
    for (const tag of tags) {
      const failure = late.get(tag);
      if (failure === undefined || failure > failuresBefore) continue;
      late.delete(tag);
      alone?.told(tag);
      pending.remove([tag]);
    }
    return true;
  }

  async function replace(tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return;
    pending.add(tags);
    for (let count = 1; count <= ATTEMPTS && !guard.isOpen(); count++) {
      if (await attempt(tags)) {
        pending.remove(tags);
        return;
      }
      if (count < ATTEMPTS && !guard.isOpen()) await sleep(100 * 2 ** count * Math.random());
    }
    leaveForLater(tags);
  }

  async function nameSetsOrLater(tags: readonly string[]): Promise<void> {
    if (await guard.run(() => nameSets(tags).then(() => true))) return;
    const known = tags.filter((tag) => sliceSets.registersOf([tag]).length > 0);
    pending.add(known);
    leaveForLater(known);
  }

  /** Takes over tags that are pending. */
  function leaveForLater(tags: readonly string[]): void {
    failures += 1;
    for (const tag of tags) {
      if (late.has(tag)) pending.remove([tag]);
      late.set(tag, failures);
    }
    alone?.late(tags);
    if (late.size > MOST_LATE) {
      const all = [...new Set(everyTag(late.keys()))];
      pending.add(all);
      pending.remove(late.keys());
      alone?.lateInstead(all, late.keys());
      late.clear();
      for (const tag of all) late.set(tag, failures);
    }
    seeToLate();
  }

  /** In workerd the one who makes up may be gone with its request: then the next one that comes along takes over. */
  function seeToLate(): void {
    if (late.size === 0 || Date.now() < heardBy) return;
    parts.background.run(makeUp());
  }

  async function makeUp(): Promise<void> {
    maker += 1;
    const own = maker;
    for (let pause = 500; late.size > 0 && own === maker; pause = Math.min(pause * 2, LONGEST_RETRY_PAUSE)) {
      const spread = pause * Math.random();
      heardBy = Date.now() + spread + LONGEST_SILENCE;
      await sleep(spread, false);
      if (late.size > 0) await attempt([...late.keys()].sort(), true);
    }
    if (own === maker) heardBy = 0;
  }

  return {
    replace,
    ask,
    nameSetsOrLater,
    hold: pending.add,
    release: pending.remove,
    isPending(tags) {
      if (pending.isEmpty()) return false;
      seeToLate();
      return pending.hasAny(tags);
    },
  };
}

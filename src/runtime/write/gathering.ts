/** What an operation of many writes touched is replaced once, at its end. */

import type { Background } from '../../platform/background.js';
import { valueAt } from '../../platform/value-at.js';
import { type Call, currentCall } from '../operation/operation.js';
import { createCountedTags } from './counted-tags.js';
import { collapse, merge, nothingTouched, type Touched } from './touched.js';

/** Gathers what the writes of one operation touch. */
export interface Gathering {
  /**
   * Replaces what a write touched: at once, or at the end of an operation that writes much. What its hooks write is a
   * part of it.
   */
  replaceOrGather(touched: Touched): Promise<void>;
  /** Whether one of the tags is gathered: this process then serves nothing that depends on it. */
  isGathered(tags: readonly string[]): boolean;
}

/** Writes of one operation whose tags are replaced one by one; those of a bulk operation never are. */
const REPLACED_AT_ONCE = 8;
/**
 * How long tags of an operation that goes on are gathered, in milliseconds: so much is lost at most of what it wrote if
 * its process dies.
 */
const LONGEST_GATHERING = 5_000;

/** What an operation wrote outside of any transaction, in the outermost call that it is a part of. */
interface Gathered {
  writes: number;
  touched: Touched;
  /** Replaces what an operation that goes on has gathered. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** The replacement that the timer began. */
  replacing: Promise<void> | undefined;
}

const newGathered = (): Gathered => ({
  writes: 0,
  touched: nothingTouched(),
  timer: undefined,
  replacing: undefined,
});

/** Creates the gathering of one site. */
export function createGathering(
  background: Background,
  replaceTouched: (touched: Touched) => Promise<void>,
): Gathering {
  const byCall = new WeakMap<Call, Gathered>();
  const tagsGathered = createCountedTags();

  async function replaceGathered(gathered: Gathered): Promise<void> {
    const { touched, timer, replacing } = gathered;
    const { tags } = touched;
    clearTimeout(timer);
    gathered.timer = undefined;
    gathered.touched = nothingTouched();
    try {
      await replacing;
      await replaceTouched(touched);
    } finally {
      tagsGathered.remove(tags);
    }
  }

  function replaceAtEndOf(call: Call, gathered: Gathered): void {
    if (call.atEnd.has(byCall)) return;
    let ended = (): void => {};
    // A client that goes away must not end the operation between its writes and their invalidation.
    background.keepAlive(new Promise<void>((resolve) => (ended = resolve)));
    call.atEnd.set(byCall, async () => {
      try {
        await replaceGathered(gathered);
      } finally {
        ended();
      }
    });
  }

  return {
    isGathered: tagsGathered.hasAny,
    async replaceOrGather(touched) {
      const call = gatheringCall();
      if (!call || touched.tags.size === 0) return replaceTouched(touched);
      const gathered = valueAt(byCall, call, newGathered);
      gathered.writes += 1;
      if (!isOfWrite(call, true) && gathered.writes <= REPLACED_AT_ONCE) return replaceTouched(touched);
      replaceAtEndOf(call, gathered);
      gathered.timer ??= setTimeout(() => {
        gathered.replacing = replaceGathered(gathered);
        background.run(gathered.replacing);
      }, LONGEST_GATHERING);
      tagsGathered.remove(gathered.touched.tags);
      merge(gathered.touched, touched);
      collapse(gathered.touched, 0);
      tagsGathered.add(gathered.touched.tags);
    },
  };
}

/** Whether a call is of a write operation, or of one that writes all that a `where` finds. */
const isOfWrite = (call: Call, isBulk = false): boolean =>
  !call.isOver && call.operations.some((operation) => operation.writes && (operation.isBulk || !isBulk));

/**
 * The call under way at whose end is replaced what is written now: that of the outermost bulk operation, or else of the
 * outermost write operation, which what its hooks write is a part of.
 */
function gatheringCall(): Call | undefined {
  let outermost: Call | undefined;
  let outermostBulk: Call | undefined;
  for (let call = currentCall(); call; call = call.parent) {
    if (isOfWrite(call)) outermost = call;
    if (isOfWrite(call, true)) outermostBulk = call;
  }
  return outermostBulk ?? outermost;
}

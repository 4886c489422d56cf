/** Puts what a page reads on the page, as Next's own `unstable_cache` puts its tags. */
import type { Recorder, Refusal } from '../../interfaces/recorder.js';
import { shared } from '../../platform/shared.js';
import { valueAt } from '../../platform/value-at.js';
import { entityOfSingle } from '../query/tags.js';
import { type Bypassed, recordBypass } from '../read/record-bypass.js';
import { pushedTag, REFUSED, UNKNOWN, versionedTag } from './page-tags.js';
import { type WorkUnit, work } from './work.js';

/** How a page learns of writes. */
export type Revalidation = 'push' | 'handler';

/** What Next keeps of what it makes. Anything else is made for one visitor, or takes no tags. */
const KEPT: ReadonlySet<string> = new Set(['cache', 'prerender', 'prerender-legacy']);

/**
 * Tags that a page has of ours where somebody must be told of each. CDNs take 128 a page, of which Next needs some
 * itself.
 */
const MOST_PUSHED_TAGS = 100;

/** What says nothing about a page: everybody sees the same one, whoever may read what it is made of. */
const OF_PEOPLE: ReadonlySet<Refusal> = new Set<Refusal>([
  'auth-collection',
  'authentication',
  'shared-request',
  'user',
]);

/** Recorders of what is being made. */
const recorders = shared('next.recorders', () => new WeakMap<WorkUnit, Recorder>());

/** The recorder of the page, or of the function with `'use cache'`, that this code runs in. */
export function currentPageRecorder(revalidation: Revalidation): Recorder | undefined {
  return recorderOf(work()?.unit(), revalidation);
}

/** The recorder of what Next makes, always the same; `undefined` where Next does not keep it. */
export function recorderOf(unit: WorkUnit | undefined, revalidation: Revalidation): Recorder | undefined {
  if (!unit || !KEPT.has(unit.type)) return undefined;
  return valueAt(recorders, unit, () => {
    const recorder: Recorder = {
      ...(revalidation === 'push' ? pushedRecorder(unit) : versionedRecorder(unit)),
      bypassed: (...bypassed: Bypassed) => recordBypass(recorder, ...bypassed),
    };
    return recorder;
  });
}

function add(unit: WorkUnit, tag: string): void {
  unit.tags ??= [];
  unit.tags.push(tag);
}

/** What is not known by tags is at least not kept for long, in seconds. */
function shorten(unit: WorkUnit): void {
  if (typeof unit.revalidate === 'number') unit.revalidate = Math.min(unit.revalidate, 1);
}

/** Whether the site is being built, perhaps with a database and a registry that are not those it will run with. */
const isBuilding = (): boolean => process.env.NEXT_PHASE === 'phase-production-build';

function versionedRecorder(unit: WorkUnit): Recorder {
  const noted = new Set<string>();
  const refuseWhole = (): void => {
    if (noted.has(REFUSED)) return;
    noted.add(REFUSED);
    add(unit, REFUSED);
  };
  return {
    note(tags, versions) {
      if (isBuilding()) return refuseWhole();
      tags.forEach((tag, index) => {
        const text = versionedTag(tag, versions[index] as string);
        if (noted.has(text)) return;
        noted.add(text);
        add(unit, text);
      });
    },
    refuse(reason) {
      // Writes to Payload's own bookkeeping make nothing stale: such a page is as old as Next allows.
      if (!OF_PEOPLE.has(reason) && reason !== 'untracked') refuseWhole();
    },
  };
}

function pushedRecorder(unit: WorkUnit): Recorder {
  const noted = new Set<string>();
  /** Entities whose documents and slices are told by their collection's tag. */
  const whole = new Set<string>();

  function takeWhole(): void {
    const byEntity = new Map<string, string[]>();
    for (const tag of noted) {
      const entity = entityOfSingle(tag);
      if (entity === undefined) continue;
      valueAt(byEntity, entity, (): string[] => []).push(tag);
    }
    const [largest] = [...byEntity].sort(([, one], [, other]) => other.length - one.length);
    if (!largest) return;
    const [entity, singles] = largest;
    whole.add(entity);
    const gone = new Set(singles.map(pushedTag));
    for (const tag of singles) noted.delete(tag);
    // In place: Next holds the list itself.
    const kept = (unit.tags ?? []).filter((tag) => !gone.has(tag));
    unit.tags?.splice(0, unit.tags.length, ...kept);
    noteOne(entity);
  }

  function noteOne(tag: string): void {
    if (noted.has(tag) || whole.has(entityOfSingle(tag) ?? '')) return;
    noted.add(tag);
    add(unit, pushedTag(tag));
    if (noted.size > MOST_PUSHED_TAGS) takeWhole();
  }

  return {
    note: (tags) => tags.forEach(noteOne),
    refuse(reason) {
      if (OF_PEOPLE.has(reason) || reason === 'untracked') return;
      if (!unit.tags?.includes(UNKNOWN)) add(unit, UNKNOWN);
      shorten(unit);
    },
  };
}

/** Records what a function depends on while it runs. */
import type { Payload } from 'payload';
import type { Recorder, Refusal } from '../../interfaces/recorder.js';
import { stateOf } from '../operation/operation.js';
import { entityOfSingle, starTag } from '../query/tags.js';
import { type Bypassed, recordBypass } from '../read/record-bypass.js';
import { type Asker, userOf } from './asker.js';
import type { Recorded } from './context.js';

/** Documents of one collection of which each has a tag; of more than that the collection's is taken. */
export const MOST_DOCUMENTS = 64;
/** Tags of one result. */
const MOST_TAGS = 1_000;

/** Hears what a function reads. */
export interface FunctionRecorder extends Recorder {
  /** What it heard, and why that is not all; the first reason counts. And how often it was told of something read. */
  end(): { recorded: Recorded; refusal: Refusal | undefined; notes: number };
}

/** Creates the recorder of one run. */
export function createRecorder(parts: {
  payload: Payload;
  keys: readonly string[];
  /** Who asks, where the key says it. */
  asker: Partial<Asker> | undefined;
  /** Whether the result is everybody's, whoever reads. */
  isShared: boolean;
  /** Collections whose own tags were noted before anything was read. */
  wide: readonly string[];
  /** What is no reason not to keep the result. */
  ignored?: ReadonlySet<Refusal> | undefined;
  /** Whether pages may be made in it. */
  holdsPages: boolean;
  now(): number;
}): FunctionRecorder {
  const { payload, keys, asker, isShared, wide, ignored, holdsPages, now } = parts;
  const versionOf = new Map<string, string>();
  // The version that the collection's own tag had before the first of them was read says it all.
  const isSpared = (tag: string): boolean =>
    wide.some((entity) => entityOfSingle(tag) === entity || tag === starTag(entity));
  let askedAt = now();
  let until = Number.POSITIVE_INFINITY;
  let refusal: Refusal | undefined;
  let notes = 0;

  function refuse(reason: Refusal): void {
    if (!ignored?.has(reason)) refusal ??= reason;
  }

  const recorder: FunctionRecorder = {
    payload,
    keys,
    holdsPages,
    note(tags, versions, since) {
      notes += 1;
      if (since !== undefined && since < askedAt) askedAt = since;
      for (let index = 0; index < tags.length; index++) {
        const tag = tags[index] as string;
        if (isSpared(tag)) continue;
        const version = versions[index] as string;
        const known = versionOf.get(tag);
        if (known === undefined) versionOf.set(tag, version);
        // Somebody wrote between two reads: what was made of both never was.
        else if (known !== version) refuse('changed');
      }
      if (versionOf.size > MOST_TAGS) refuse('too-many-tags');
    },
    refuse,
    expires(at) {
      until = Math.min(until, at);
    },
    hears(request, isControlled) {
      const state = stateOf(request);
      if (state && state.recorder !== recorder) refuse('shared-request');
      if (isShared) return;
      const user = userOf(request);
      // What nobody in particular reads is the same for the user of the key.
      const isOther = user !== undefined && user !== userOf(asker);
      if (isOther || (isControlled && !asker)) refuse('user');
    },
    bypassed: (...bypassed: Bypassed) => recordBypass(recorder, ...bypassed),
    end() {
      const tags = [...versionOf.keys()].sort();
      const versions = tags.map((tag) => versionOf.get(tag) as string);
      return {
        recorded: { tags, versions, askedAt, until, wide: [...wide, ...manyIn(tags)] },
        refusal,
        notes,
      };
    },
  };
  return recorder;
}

/** Collections of which there are more documents among the tags than have one each. */
function manyIn(tags: readonly string[]): string[] {
  const numbers = new Map<string, number>();
  for (const tag of tags) {
    const entity = entityOfSingle(tag);
    if (entity) numbers.set(entity, (numbers.get(entity) ?? 0) + 1);
  }
  return [...numbers].filter(([, number]) => number > MOST_DOCUMENTS).map(([entity]) => entity);
}

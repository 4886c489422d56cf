/** Values of many keys at once: those that are kept from the cache, the others of one call of a function. */
import type { PayloadRequest } from 'payload';
import { PayloadKVError } from '../../errors.js';
import { momentIn } from '../events/moment.js';
import { runCall } from '../operation/operation.js';
import { exceeds } from '../read/entry-writes.js';
import { countBypass, noteLookup, tell } from '../read/outcome.js';
import type { CachedOptions, FunctionContext, FunctionSite, Recorded, WantedFunction } from './context.js';
import { encodedResult } from './encoded-result.js';
import { type Looked, lookUp, noteEntry } from './lookup.js';
import { createRecorder } from './recorder.js';
import { bypassing, countRefusal, lifeOf, requestOfRun } from './run.js';
import { siteOf } from './site-of.js';
import { wantedOf } from './wanted.js';

/** What a function is given for the keys that are not kept. */
export interface BatchContext {
  /**
   * The request for what it reads, as functions are given it.
   *
   * @throws PayloadKVError `NO_PAYLOAD` in a cache without Payload
   */
  readonly req: PayloadRequest;
}

/** Values, or errors, in the order of the keys that they were asked for. */
export type BatchFunction<Key, Value> = (
  keys: readonly Key[],
  context: BatchContext,
) => ArrayLike<Value | Error> | PromiseLike<ArrayLike<Value | Error>>;

/** How the values of keys are kept. */
export interface BatchOptions<Key>
  extends Pick<CachedOptions, 'ttl' | 'req' | 'shared' | 'payload' | 'cache'> {
  /** Sets keys apart, and can be cleared as a whole: one for each function. */
  namespace: string;
  /** What a value is found by. Default: its key. */
  key?: (key: Key) => readonly unknown[];
}

/** A key that is looked for. */
interface Sought {
  /** Nothing where the cache is not asked. */
  wanted: WantedFunction | undefined;
  looked: Looked | undefined;
}

/**
 * Makes a function of many keys that asks another for those alone that are not kept. What that one reads through Payload
 * for some keys, the values of all of these depend on. An error is never kept, nor is it of another key.
 *
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` without a namespace
 */
export function cachedBatch<Key, Value>(
  fn: BatchFunction<Key, Value>,
  options: BatchOptions<Key>,
): (keys: readonly Key[]) => Promise<(Value | Error)[]> {
  const { key: keyOf = (key: Key) => [key], ...rest } = options;
  if (!rest.namespace) {
    throw new PayloadKVError({
      code: 'INVALID_FUNCTION_KEY',
      message: 'What is looked up by many keys at once needs a namespace.',
      nextStep: "Name it: { namespace: 'authors' }.",
    });
  }

  async function seek(site: FunctionSite, key: Key): Promise<Sought> {
    const wanted = await wantedOf(site, { ...rest, key: keyOf(key) });
    if (typeof wanted === 'string') {
      countBypass(site.reads.counts('function', rest.namespace), wanted);
      return { wanted: undefined, looked: undefined };
    }
    const { events } = site.reads;
    const since = momentIn(events);
    const looked = await lookUp(site, wanted);
    const outcome = looked.found ? 'hit' : looked.stale ? 'stale' : 'miss';
    noteLookup(
      events,
      outcome,
      wanted.subject,
      wanted,
      since,
      looked.found ? looked.entry.length : undefined,
    );
    if (looked.found) noteEntry(wanted.parent, looked.entry);
    return { wanted, looked };
  }

  return async (keys) => {
    const site = siteOf(rest);
    const ask = async (
      asked: readonly Key[],
      request: () => PayloadRequest,
    ): Promise<ArrayLike<Value | Error>> => {
      const context = {
        get req() {
          return request();
        },
      };
      const made = await fn(asked, context);
      if (made?.length !== asked.length) throw wrongLength(rest.namespace, asked.length);
      return made;
    };
    if (!site) {
      const run = (context: FunctionContext) => ask(keys, () => context.req);
      return Array.from(await bypassing(run, { ...rest, key: [] }, undefined));
    }
    const sought = await Promise.all(keys.map((key) => seek(site, key)));
    const missing = [...sought.keys()].filter((index) => !sought[index]?.looked?.found);
    const made = new Map<number, Value | Error>();
    if (missing.length > 0) {
      try {
        const asked = missing.map((index) => keys[index] as Key);
        const values = await run(
          site,
          rest,
          missing.map((index) => sought[index] as Sought),
          (request) => ask(asked, request),
        );
        for (const [place, index] of missing.entries()) made.set(index, values[place] as Value | Error);
      } catch (error) {
        // Those that are kept are answered all the same.
        if (missing.length === keys.length) throw error;
        const failed = error instanceof Error ? error : new Error(String(error));
        for (const index of missing) made.set(index, failed);
      }
    }
    return sought.map(({ looked }, index) =>
      looked?.found ? (looked.result as Value) : (made.get(index) as Value | Error),
    );
  };
}

/** Asks for what is missing, and keeps what came. */
async function run<Value>(
  site: FunctionSite,
  options: Omit<BatchOptions<never>, 'key'>,
  missing: readonly Sought[],
  ask: (request: () => PayloadRequest) => Promise<ArrayLike<Value | Error>>,
): Promise<ArrayLike<Value | Error>> {
  const { reads, payload } = site;
  const wanted = missing.flatMap((each) => each.wanted ?? []);
  const [first] = wanted;
  // Of some it is not known what they are: whoever this runs for hears what is read.
  if (!first || wanted.length < missing.length)
    return bypassing((context) => ask(() => context.req), { ...options, key: [] }, site);
  const { parent, count, subject } = first;
  const startedAt = reads.now();
  const recorder = createRecorder({
    payload,
    keys: [...wanted.map(({ key }) => key), ...(parent?.keys ?? [])],
    asker: first.asker,
    isShared: options.shared ?? false,
    wide: [],
    holdsPages: false,
    now: reads.now,
  });
  if (!wanted.every(({ isAsked }) => isAsked())) recorder.refuse('changed');
  const request = requestOfRun(site, options.req, recorder, first.asker);
  const since = momentIn(reads.events);
  let values: ArrayLike<Value | Error>;
  let isDone = false;
  try {
    values = await runCall(undefined, () => ask(request), { recorder });
    isDone = true;
  } finally {
    const { recorded, refusal } = recorder.end();
    const outcome = isDone && !refusal ? 'kept' : 'not-kept';
    tell(reads.events, 'fill', subject, since, { outcome, reason: refusal });
    parent?.note(recorded.tags, recorded.versions, recorded.askedAt);
    parent?.expires?.(Math.min(recorded.until, startedAt + 1000 * first.ttl));
    if (refusal) parent?.refuse(refusal);
  }
  const { recorded, refusal } = recorder.end();
  for (const [place, { wanted, looked }] of missing.entries()) {
    const value = values[place];
    if (!wanted || value instanceof Error) continue;
    const before = looked && !looked.found ? looked.before : undefined;
    const reason = refusal ?? (before ? keep(site, wanted, before, recorded, startedAt, value) : 'error');
    if (!before) parent?.refuse('error');
    else parent?.note(wanted.ownTags, before);
    if (reason) countRefusal(count, reason);
  }
  return values;
}

/** Keeps one value; why not, if it cannot be. */
function keep(
  site: FunctionSite,
  wanted: WantedFunction,
  before: readonly string[],
  recorded: Recorded,
  startedAt: number,
  value: unknown,
): 'uncacheable' | 'changed' | undefined {
  const { reads } = site;
  const encoded = encodedResult(site, value);
  if (!encoded) return 'uncacheable';
  if (wanted.maximumBytes !== undefined && exceeds(encoded.body, wanted.maximumBytes)) return 'uncacheable';
  const versionOf = new Map(recorded.tags.map((tag, index) => [tag, recorded.versions[index] as string]));
  for (const [index, tag] of wanted.ownTags.entries()) {
    const version = before[index] as string;
    if ((versionOf.get(tag) ?? version) !== version) return 'changed';
    versionOf.set(tag, version);
  }
  const tags = [...versionOf.keys()].sort();
  const versions = tags.map((tag) => versionOf.get(tag) as string);
  const ttl = lifeOf(recorded, wanted.ttl, startedAt);
  if (ttl <= 0) return undefined;
  site.known.set(wanted.key, { tags });
  reads.entryWrites.keep(
    'cached',
    { ...wanted, tags, ttl },
    { before: versions, askedAt: startedAt },
    encoded,
    false,
  );
  return undefined;
}

function wrongLength(namespace: string, length: number): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_BATCH',
    message: `The function of the namespace "${namespace}" was asked for ${length} keys, and has not returned as many values.`,
    nextStep: 'Return for each key, in their order, a value or an Error.',
  });
}

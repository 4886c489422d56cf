/** Runs functions, and has what they return stored under what they were heard to read. */
import type { PayloadRequest } from 'payload';
import { type Duration, parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Refusal } from '../../interfaces/recorder.js';
import { instanceOf, standInOf } from '../carried-instance.js';
import { decodeResult } from '../entry/entry.js';
import { momentIn } from '../events/moment.js';
import { currentRecorder, runCall } from '../operation/operation.js';
import { noteLimited, rateLimited, takeOne } from '../policy/rate-limits.js';
import { collectionTag, documentTag, globalTag, ownTag, starTag } from '../query/tags.js';
import { exceeds } from '../read/entry-writes.js';
import { areCurrent, NO_VERSION, recordedVersions, strictest } from '../read/known-versions.js';
import { hashIn, tell } from '../read/outcome.js';
import type { FunctionCounts } from '../stats/stats.js';
import type { Asker } from './asker.js';
import type {
  CachedOptions,
  DependencyTarget,
  FunctionCall,
  FunctionContext,
  FunctionSite,
  Made,
  Recorded,
} from './context.js';
import { encodedResult } from './encoded-result.js';
import { lookUp } from './lookup.js';
import { createRecorder, type FunctionRecorder } from './recorder.js';
import { deriveRequest, newRequest } from './request.js';

/** A collection's documents, a document, a global, or a name, as tags. */
export function tagsOfTarget(target: DependencyTarget): string[] {
  if (typeof target === 'string') return [ownTag(target)];
  if ('global' in target) return [globalTag(target.global)];
  const entity = collectionTag(target.collection);
  return target.id === undefined ? [entity] : [documentTag(entity, target.id), starTag(entity)];
}

/** Runs a function without the cache. What it reads, whatever it runs for hears. */
export async function bypassing<Result>(
  fn: (context: FunctionContext) => Result | Promise<Result>,
  { req, ttl, cache, payload, namespace = '' }: CachedOptions,
  site: FunctionSite | undefined,
): Promise<Result> {
  const parent = currentRecorder(site?.reads.pages);
  const expiresIn = (duration: Duration): void =>
    parent?.expires?.((site?.reads.now() ?? Date.now()) + 1000 * parseDuration(duration, 'ttl'));
  if (ttl !== undefined) expiresIn(ttl);
  if (site) checkRun(site, namespace);
  return fn({
    get req() {
      const named = site?.payload ?? (cache ? standInOf(cache) : payload);
      if (named && instanceOf(named)?.prefix !== undefined) throw withoutPayload();
      const request = req ?? (named && newRequest(named));
      if (request) return request as PayloadRequest;
      throw new PayloadKVError({
        code: 'NO_INSTANCE',
        message:
          'There is no Payload instance with a cache in this process yet, so that the function gets no request.',
        nextStep: 'Call getPayload() before, and give the function { payload } or { req }.',
      });
    },
    tag: () => parent?.refuse('untracked'),
    ttl: expiresIn,
    discard() {},
    fencingToken: undefined,
  });
}

/** What a function without Payload is told that asks for a request. */
function withoutPayload(): PayloadKVError {
  return new PayloadKVError({
    code: 'NO_PAYLOAD',
    message: 'A cache without Payload has no request for its functions.',
    nextStep:
      'Read with what the service has, and say with tag({ collection, id }) what of a Payload site it was.',
  });
}

/** Runs a function once for all that wait for the same. */
export async function runShared(call: FunctionCall): Promise<Made> {
  const { site, wanted } = call;
  const { key, parent, count } = wanted;
  const alone = (): Promise<Made> => (call.alone ? call.alone(call, run) : run(call));
  const holders = parent?.keys ?? [];
  // One that waits for this very run, and one that nobody could share, run by themselves.
  const done = site.known.get(key)?.isRefused ? undefined : site.waits.wait(holders, key);
  if (!done) return run(call);
  let flight: Awaited<ReturnType<typeof site.singleFlight.run>>;
  try {
    flight = await site.singleFlight.run(key, alone);
  } finally {
    done();
  }
  if (!flight) return alone();
  if (flight.led) return flight.shared;
  const { kept } = flight.shared;
  // It may have begun before a write that this call has seen.
  if (!kept) return run(call);
  const { encoded, recorded } = kept;
  if (!(await areCurrent(site.reads, wanted, recorded.tags, recorded.versions, NO_VERSION))) return alone();
  parent?.note(recorded.tags, recorded.versions, recorded.askedAt);
  parent?.expires?.(recorded.until);
  count.shared += 1;
  return { result: decodeResult(encoded), kept };
}

/** Runs a function in the background, unless that is being done, or too many were run. */
export function revalidate(call: FunctionCall): void {
  const { site, wanted } = call;
  const own = { ...call, wanted: { ...wanted, parent: undefined } };
  site.revalidation.revalidate(wanted.key, () =>
    (call.alone ? call.alone(own, run) : run(own)).catch((error: unknown) => {
      if (!isRateLimited(error)) throw error;
    }),
  );
}

/** Runs a function whatever is stored, and has that replaced. */
export async function runAnew(call: FunctionCall): Promise<Made> {
  const looked = await lookUp(call.site, { ...call.wanted, refresh: true });
  const known = { ...call, before: looked.found ? undefined : looked.before };
  return call.alone ? call.alone(known, run) : run(known);
}

/** Whether an error says that something happened too often. */
export const isRateLimited = (error: unknown): error is PayloadKVError =>
  error instanceof PayloadKVError && error.code === 'RATE_LIMITED';

/** Counts one more run of a namespace, and throws where there were too many. */
function checkRun({ instance, reads }: FunctionSite, namespace: string): void {
  const after = takeOne(instance.options(), namespace, 'run');
  if (after === undefined) return;
  noteLimited(reads.counts('function', namespace), 'run');
  throw rateLimited('run', namespace, after);
}

/** How long what was made may be served from when that began, in seconds, counted from the oldest of what it read. */
export function lifeOf({ askedAt, until }: Recorded, ttl: number, startedAt: number): number {
  return Math.min(
    ttl - Math.ceil(Math.max(0, startedAt - askedAt) / 1000),
    Math.floor((until - startedAt) / 1000),
  );
}

/** What a run reads with; it throws `NO_PAYLOAD` when it is asked for in a cache without Payload. */
export function requestOfRun(
  { instance, payload }: FunctionSite,
  req: CachedOptions['req'],
  recorder: FunctionRecorder,
  asker: Asker | undefined,
): () => PayloadRequest {
  if (instance.prefix !== undefined)
    return () => {
      throw withoutPayload();
    };
  const request = deriveRequest(req ?? newRequest(payload), recorder, asker);
  return () => request;
}

async function run(call: FunctionCall): Promise<Made> {
  const { site, wanted, fn, options, before } = call;
  const { reads, payload } = site;
  const { ownTags, parent, count, key } = wanted;
  checkRun(site, wanted.subject.slug);
  // Before the recorder begins: what is counted from the oldest of what was read would be a second less.
  const startedAt = reads.now();
  const recorder = createRecorder({
    payload,
    keys: [key, ...(parent?.keys ?? [])],
    asker: wanted.asker,
    isShared: options.shared ?? false,
    wide: site.known.get(key)?.wide ?? [],
    ignored: call.ignored,
    holdsPages: call.holdsPages ?? false,
    now: reads.now,
  });
  if (before) recorder.note(ownTags, before);
  else recorder.refuse('error');
  if (!wanted.isAsked()) recorder.refuse('changed');
  const since = momentIn(reads.events);
  const context = createContext(call, recorder);
  let result: unknown;
  let isDone = false;
  try {
    // A query builder asks when it is awaited, which is to be inside as well.
    result = await runCall(undefined, async () => fn(context.given), { recorder });
    await context.tagged();
    if (call.mustRead && recorder.end().notes <= (before ? 1 : 0)) recorder.refuse('untracked');
    isDone = true;
  } finally {
    const { recorded, refusal } = recorder.end();
    if (since !== undefined) {
      const reason = refusal ?? (context.isDiscarded() ? 'discarded' : undefined);
      const outcome = isDone && !reason ? 'kept' : 'not-kept';
      tell(reads.events, 'fill', wanted.subject, since, { outcome, reason, key: hashIn(key) });
    }
    parent?.note(recorded.tags, recorded.versions, recorded.askedAt);
    parent?.expires?.(startedAt + 1000 * lifeOf(recorded, Math.min(wanted.ttl, context.ttl()), startedAt));
    // Whoever catches what it threw depends on what it read all the same.
    if (refusal && !(isDone && refusal === 'uncacheable')) parent?.refuse(refusal);
  }
  const { recorded, refusal: heard } = recorder.end();
  // Not the recorder's: what runs around it has heard all that it read.
  const refusal = heard ?? (context.isDiscarded() ? 'discarded' : undefined);
  const cost = Math.max(0, reads.now() - startedAt);
  const encoded = refusal ? undefined : encodedResult(site, result);
  const ttl = lifeOf(recorded, Math.min(wanted.ttl, context.ttl()), startedAt);
  const isTooLarge =
    encoded && wanted.maximumBytes !== undefined && exceeds(encoded.body, wanted.maximumBytes);
  const kept =
    encoded && !isTooLarge
      ? { encoded, recorded: { ...recorded, until: startedAt + 1000 * ttl } }
      : undefined;
  site.known.set(key, {
    tags: recorded.tags,
    isRefused: kept === undefined,
    ...(recorded.wide.length > 0 ? { wide: recorded.wide } : {}),
  });
  let stored: Made['stored'];
  if (!kept) noteRefusal(call, refusal ?? 'uncacheable');
  // What a later holder has stored is newer.
  else if (call.tenure && !(await call.tenure.isHeld())) noteRefusal(call, 'lock-lost');
  else if (ttl > 0 && recorded.versions.length > 0) {
    const entry = { ...wanted, tags: recorded.tags, ttl };
    const asked = { before: recorded.versions, askedAt: startedAt, cost };
    stored = reads.entryWrites.keep('cached', entry, asked, kept.encoded, false);
  } else count.droppedWrites += 1;
  return { result, kept, stored, ...(kept ? {} : { refusal: refusal ?? 'uncacheable' }) };
}

/** What a function is given, and what it said with it. */
function createContext(
  { site, wanted: { count, asker }, options, tenure }: FunctionCall,
  recorder: FunctionRecorder,
): { given: FunctionContext; tagged(): Promise<void>; ttl(): number; isDiscarded(): boolean } {
  const waiting: Promise<void>[] = [];
  let ttl = Number.POSITIVE_INFINITY;
  let isDiscarded = false;
  async function noteVersions(tags: string[]): Promise<void> {
    const versions = await recordedVersions(site.reads, { rule: strictest(site.reads, tags), count }, tags);
    if (versions) recorder.note(tags, versions);
    else recorder.refuse('error');
  }
  const request = requestOfRun(site, options.req, recorder, asker);
  const given: FunctionContext = {
    get req() {
      return request();
    },
    tag(...targets) {
      for (const target of targets) waiting.push(noteVersions(tagsOfTarget(target)));
    },
    ttl(duration) {
      ttl = Math.min(ttl, parseDuration(duration, 'ttl'));
    },
    discard() {
      isDiscarded = true;
    },
    fencingToken: tenure?.token,
  };
  return {
    given,
    tagged: async () => void (await Promise.all(waiting)),
    ttl: () => ttl,
    isDiscarded: () => isDiscarded,
  };
}

/** What to do where a function is run each time for a reason that its author can mend. */
const ADVICE: Partial<Record<Refusal, string>> = {
  'shared-request':
    'it reads with a request that others use as well. Use the request of its context: cached(({ req }) => payload.find({ …, req })).',
  user: "access control, or a user, had a part in what it read. Give { req }, so that each user has a result of their own, or { shared: true } if it is everybody's all the same.",
  'auth-collection':
    "it reads users, who may hold secrets. Cache them without: collections: { users: { allowAuth: 'without-secrets' } }.",
  'write-operation': 'it writes, or reads inside of a write.',
  uncacheable: 'what it returns is too large, or has no lossless text form, such as an instance of a class.',
};

/** Counts a result that was not stored. */
export function countRefusal(count: FunctionCounts, reason: Refusal): void {
  count.uncacheable += 1;
  count.notStored ??= {};
  count.notStored[reason] = (count.notStored[reason] ?? 0) + 1;
}

function noteRefusal(
  { site, wanted: { count }, options: { namespace, key }, isQuiet }: FunctionCall,
  reason: Refusal,
): void {
  countRefusal(count, reason);
  const advice = ADVICE[reason];
  if (!advice || isQuiet || process.env.NODE_ENV === 'production') return;
  const name = namespace ?? String(key.find((part) => typeof part === 'string') ?? '').slice(0, 40);
  site.instance.warn(`payload-kv: what the function "${name}" returns is not stored, since ${advice}`);
}

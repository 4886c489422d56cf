/** Traces: what visitors and editors do with a real blog, at which moments; replayed, with the statistics that they make. */
import type { Payload, Where } from 'payload';
import { type PayloadKVOptions, payloadKV, settleCache } from '../../../src/runtime/index.js';
import { observationOf, observe, type Statistics } from '../../../src/runtime/observe.js';
import { takeClock } from '../../support/clock.js';
import { startBlog } from '../../support/payload.js';

/** One step of a trace. */
export type Step =
  /** Seconds in which nothing happens. */
  | { wait: number }
  /** A query of the Local API. */
  | { read: string; where?: Where; limit?: number }
  /** A document is written to, by its place among those of the collection. */
  | { write: string; nth: number }
  /** One request asks for each of a list by itself. */
  | { request: { slug: string; ids: readonly number[] } };

/** A function for each random number of a row that is always the same. */
export function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Runs a trace through a real Payload on SQLite, with the clock set forward. */
export async function replay(
  trace: readonly Step[],
  options: Omit<PayloadKVOptions, 'observe'>,
): Promise<Statistics> {
  const clock = takeClock();
  const site = await startBlog({
    plugins: [payloadKV({ ttlJitter: 0, ...options, observe: observe() })],
    seed: 12,
  });
  try {
    const { payload } = site;
    await settleCache(payload);
    // Nothing of what the seed has read and written counts.
    const before = await idsOf(payload);
    const seeded = observationOf(payload)!.ownStatistics();
    for (const step of trace) await take(payload, step, before, clock);
    return since(observationOf(payload)!.ownStatistics(), seeded);
  } finally {
    await site.stop();
    clock.stop();
  }
}

type Ids = Record<string, (string | number)[]>;

async function idsOf(payload: Payload): Promise<Ids> {
  const ids: Ids = {};
  for (const collection of ['posts', 'categories', 'authors'] as const) {
    const { docs } = await payload.find({ collection, depth: 0, limit: 50, sort: 'id' });
    ids[collection] = docs.map(({ id }) => id);
  }
  return ids;
}

let written = 0;

async function take(payload: Payload, step: Step, ids: Ids, clock: ReturnType<typeof takeClock>) {
  if ('wait' in step) clock.advance(step.wait);
  else if ('read' in step) {
    const { read, where, limit } = step;
    await payload.find({
      collection: read as 'posts',
      depth: 0,
      limit: limit ?? 10,
      ...(where && { where }),
    });
    await settleCache(payload);
  } else if ('write' in step) {
    written += 1;
    const name = { posts: 'title', categories: 'name', authors: 'name' }[step.write]!;
    await payload.update({
      collection: step.write as 'posts',
      id: ids[step.write]![step.nth]!,
      data: { [name]: `written ${written}` },
      depth: 0,
    });
    await settleCache(payload);
  } else {
    const headers = new Headers();
    for (const id of step.request.ids) {
      await payload.db.findOne({
        collection: step.request.slug,
        where: { id: { equals: id } },
        req: { headers, context: {} } as never,
      });
      await settleCache(payload);
    }
  }
}

/** The statistics of the trace alone, as far as advice looks at them. */
function since(now: Statistics, before: Statistics): Statistics {
  const reuse = structuredClone(now.reuse);
  for (const [name, old] of Object.entries(before.reuse)) {
    const counts = reuse[name]!;
    for (const key of Object.keys(old) as (keyof typeof old)[]) {
      if (key !== 'hitsWith') counts[key] -= old[key];
      else for (const ttl of Object.keys(old.hitsWith)) counts.hitsWith[ttl]! -= old.hitsWith[ttl]!;
    }
  }
  return { ...now, reuse };
}

import { memory, payloadKV, settleCache } from 'payload-kv';
import { byCost } from '../src/stores/eviction/by-cost.js';
import { tinyLFU } from '../src/stores/eviction/tiny-lfu.js';
import { memory as memoryUnderTest } from '../src/stores/memory.js';
import { startBlog } from '../test/support/payload.js';

/** One request for an answer: by which key, how large it is and what it takes to make it, in milliseconds. */
interface Request {
  key: string;
  bytes: number;
  cost: number;
}

/** What a cache of some size came to, as shares of what there was. */
interface Outcome {
  hits: number;
  saved: number;
}

/** Shares of the bytes of all answers that the cache has room for. */
const SIZES = [0.02, 0.1, 0.3];
const ORDERS = { lru: () => undefined, 'tiny-lfu': tinyLFU, cost: byCost } as const;
const LENGTH = 20_000;

/** The same numbers each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Draws numbers of which the first are the most frequent. */
function zipf(count: number, exponent: number, random: () => number): () => number {
  const sums: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) {
    sum += 1 / rank ** exponent;
    sums.push(sum);
  }
  return () => {
    const wanted = random() * sum;
    let [from, to] = [0, count - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((sums[middle] as number) < wanted) from = middle + 1;
      else to = middle;
    }
    return from;
  };
}

/** Answers of a site, by number: most are small and made in a millisecond or two, a few large, a few dear. */
function answerOf(number: number): Request {
  const random = randomOf(number * 7_919 + 17);
  random();
  const bytes = Math.round(400 * 2 ** (6 * random() ** 2));
  const cost = random() < 0.05 ? 200 + 800 * random() : 1 + 4 * random();
  return { key: `payload-cache:posts:find:${number}`, bytes, cost };
}

const alike = (number: number): Request => ({
  key: `payload-cache:posts:find:${number}`,
  bytes: 2_000,
  cost: 2,
});

/** How people and machines ask. */
const SYNTHETIC: Record<string, () => Request[]> = {
  zipf() {
    const draw = zipf(4_000, 0.9, randomOf(1));
    return Array.from({ length: LENGTH }, () => alike(draw()));
  },
  'zipf and robots'() {
    const random = randomOf(2);
    const draw = zipf(4_000, 0.9, random);
    let robot = 0;
    // A third are a robot's, which reads each page once.
    return Array.from({ length: LENGTH }, () => (random() < 0.33 ? alike(20_000 + robot++) : alike(draw())));
  },
  loop: () => Array.from({ length: LENGTH }, (_, index) => alike(index % 1_500)),
  'shifting popularity'() {
    const draw = zipf(4_000, 0.9, randomOf(3));
    // Other pages are the popular ones after each sixth.
    return Array.from({ length: LENGTH }, (_, index) =>
      alike((draw() + 700 * Math.floor(index / (LENGTH / 6))) % 4_000),
    );
  },
  'news: the newest most'() {
    const draw = zipf(2_000, 1, randomOf(4));
    // A new page with each twentieth request.
    return Array.from({ length: LENGTH }, (_, index) => alike(4_000 + Math.floor(index / 20) - draw()));
  },
  'zipf, of unlike sizes and costs'() {
    const draw = zipf(4_000, 0.9, randomOf(5));
    return Array.from({ length: LENGTH }, () => answerOf(draw()));
  },
};

/**
 * A real site, recorded: each lookup of a blog, with the bytes and the milliseconds that its answer took. Visitors read
 * posts by their popularity, lists page by page, and an author's posts; a robot goes through all of it; an editor writes.
 */
async function recorded(): Promise<Request[]> {
  const trace: { key: string }[] = [];
  const made = new Map<string, { bytes: number; cost: number }>();
  const site = await startBlog({
    seed: 60,
    plugins: [
      payloadKV({
        store: memory({ maxBytes: 512 * 1024 * 1024 }),
        onEvent({ type, key, bytes = 0, duration = 0 }) {
          if (key === undefined) return;
          if (type === 'fill') made.set(key, { bytes, cost: duration });
          else if (type === 'hit' || type === 'miss' || type === 'stale') trace.push({ key });
        },
      }),
    ],
  });
  const { payload } = site;
  try {
    const { docs } = await payload.find({ collection: 'posts', limit: 60, depth: 0, joins: false });
    trace.length = 0;
    const random = randomOf(6);
    const popular = zipf(docs.length, 0.9, random);
    let robot = 0;
    for (let request = 0; request < 1_200; request++) {
      const post = docs[random() < 0.2 ? robot++ % docs.length : popular()]!;
      const kind = random();
      if (kind < 0.6)
        await payload.find({ collection: 'posts', where: { slug: { equals: post.slug } }, limit: 1 });
      else if (kind < 0.75) await payload.findByID({ collection: 'posts', id: post.id, depth: 2 });
      else if (kind < 0.9)
        await payload.find({
          collection: 'posts',
          limit: 10,
          page: 1 + Math.floor(random() * 6),
          sort: '-id',
        });
      else if (kind < 0.97)
        await payload.find({ collection: 'posts', limit: 50, depth: 2, page: 1 + (popular() % 3) });
      else await payload.count({ collection: 'posts', where: { id: { less_than: post.id } } });
      if (request % 25 === 0) await settleCache(payload);
    }
    return trace.flatMap(({ key }) => {
      const known = made.get(key);
      return known ? [{ key: `payload-cache:posts:find:${key}`, ...known }] : [];
    });
  } finally {
    await site.stop();
  }
}

/** What an entry takes in memory beside its text. */
const ENTRY = 300;
const weightOf = ({ key, bytes }: Request): number => bytes + key.length + ENTRY;

function replay(trace: readonly Request[], maxBytes: number, order: keyof typeof ORDERS): Outcome {
  const eviction = ORDERS[order]();
  const store = memoryUnderTest({ maxBytes, ...(eviction && { eviction }) });
  return outcomeOf(trace, ({ key, bytes, cost }) => {
    if (store.get(key) !== undefined) return true;
    store.set(key, 'x'.repeat(bytes), undefined, cost);
    return false;
  });
}

/** Who knows the future: what is asked for again last goes first, or is not kept at all; by bytes where sizes differ. */
function clairvoyant(trace: readonly Request[], maxBytes: number, bySize: boolean): Outcome {
  const next = new Array<number>(trace.length).fill(Number.POSITIVE_INFINITY);
  const seen = new Map<string, number>();
  for (let index = trace.length - 1; index >= 0; index--) {
    const { key } = trace[index] as Request;
    next[index] = seen.get(key) ?? Number.POSITIVE_INFINITY;
    seen.set(key, index);
  }
  const held = new Map<string, { at: number; weight: number }>();
  let taken = 0;
  let index = -1;
  return outcomeOf(trace, (request) => {
    index += 1;
    const at = next[index] as number;
    const known = held.get(request.key);
    if (known) {
      known.at = at;
      return true;
    }
    const weight = weightOf(request);
    if (at === Number.POSITIVE_INFINITY || weight > maxBytes) return false;
    held.set(request.key, { at, weight });
    taken += weight;
    while (taken > maxBytes) {
      let worst: string | undefined;
      let most = -1;
      for (const [key, { at, weight }] of held) {
        const regret = (at - index) * (bySize ? weight : 1);
        if (regret > most) [worst, most] = [key, regret];
      }
      taken -= held.get(worst as string)!.weight;
      held.delete(worst as string);
    }
    return false;
  });
}

function outcomeOf(trace: readonly Request[], ask: (request: Request) => boolean): Outcome {
  let [hits, saved, all] = [0, 0, 0];
  for (const request of trace) {
    all += request.cost;
    if (!ask(request)) continue;
    hits += 1;
    saved += request.cost;
  }
  return { hits: hits / trace.length, saved: saved / all };
}

/** Hit rates and cost saved by each order in which entries give way, on traces of a site and on others. */
export async function benchEviction(): Promise<void> {
  console.log('  hit rate / share of the time saved, in percent; "future" knows what is asked for next');
  const traces = { 'a blog, recorded': await recorded() } as Record<string, Request[]>;
  for (const [name, make] of Object.entries(SYNTHETIC)) traces[name] = make();
  const names = Object.keys(ORDERS) as (keyof typeof ORDERS)[];
  console.log(
    `  ${'trace'.padEnd(34)}${'room'.padStart(6)}${[...names, 'future'].map((name) => name.padStart(15)).join('')}`,
  );
  for (const [name, trace] of Object.entries(traces)) {
    const unlike = new Map(trace.map((request) => [request.key, weightOf(request)]));
    const whole = [...unlike.values()].reduce((sum, weight) => sum + weight, 0);
    for (const size of SIZES) {
      const maxBytes = Math.round(whole * size);
      const outcomes: Outcome[] = names.map((order) => replay(trace, maxBytes, order));
      const futures = [false, true].map((bySize) => clairvoyant(trace, 0.95 * maxBytes, bySize));
      outcomes.push({
        hits: Math.max(...futures.map(({ hits }) => hits)),
        saved: Math.max(...futures.map(({ saved }) => saved)),
      });
      const shown = outcomes.map(({ hits, saved }) =>
        `${(100 * hits).toFixed(1)} / ${(100 * saved).toFixed(1)}`.padStart(15),
      );
      console.log(`  ${name.padEnd(34)}${`${100 * size} %`.padStart(6)}${shown.join('')}`);
    }
  }
}

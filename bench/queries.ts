import type { Payload } from 'payload';
import { getCacheStats, memory, payloadKV } from 'payload-kv';
import { HOSTILE_QUERIES } from '../test/support/hostile-queries.js';
import { startBlog } from '../test/support/payload.js';
import { figure, quantile } from './measure.js';

/** Sizes in characters: within the bounds of what is analysed, at them, and far beyond. */
const SIZES = [10_000, 200_000, 1_000_000];
/**
 * Longest that Payload itself is asked, in milliseconds, where it takes four times as long for twice as much: some
 * queries are its own end.
 */
const LONGEST = 4_000;
/** What the analysis may add to twice the time without a cache, in milliseconds for each million characters. */
const PER_MILLION = 20;

/** What hostile queries cost with the cache, against what Payload and its adapter need for them alone. */
export async function benchQueries(): Promise<void> {
  const plain = await startBlog({ seed: 20 });
  const cached = await startBlog({ seed: 20, plugins: [payloadKV({ store: memory(), ttl: 1 })] });
  try {
    console.log(
      '  processor time with the cache / without, each a read of the adapter; aim: below 2, plus 20 ms a MB',
    );
    let nonce = 0;
    for (const [family, make] of Object.entries(HOSTILE_QUERIES)) {
      let took = 0;
      let sizeBefore = 1;
      for (const size of SIZES) {
        if (took * (size / sizeBefore) ** 2 > LONGEST) {
          console.log(`  ${family}: Payload alone took ${took.toFixed(0)} ms for ${sizeBefore / 1000} KB`);
          break;
        }
        const ask = ({ payload }: { payload: Payload }) => {
          // Never the same twice: nobody repeats a query who wants to keep a server busy.
          const args = { collection: 'posts', limit: 1, ...make(size), nonce: nonce++ } as never;
          return payload.db.find(args).then(
            () => undefined,
            () => undefined,
          );
        };
        const start = performance.now();
        await ask(plain);
        took = performance.now() - start;
        sizeBefore = size;
        const before = bypasses(cached.payload);
        const rounds = took > 100 ? 5 : 25;
        const samples = { without: [] as number[], withIt: [] as number[] };
        for (let round = 0; round < rounds; round++) {
          samples.without.push(await processorTime(() => ask(plain)));
          samples.withIt.push(await processorTime(() => ask(cached)));
        }
        const without = quantile(samples.without, 0.5);
        const withIt = quantile(samples.withIt, 0.5);
        const isCached = bypasses(cached.payload) === before;
        const allowed = 2 * without + (PER_MILLION * size) / 1_000_000;
        figure(
          `  ${family}, ${size / 1000} KB${isCached ? '' : ', bypassed'}`,
          `${(withIt / without).toFixed(2)} (${withIt.toFixed(1)} ms / ${without.toFixed(1)} ms)`,
          { holds: withIt <= allowed, says: `below ${allowed.toFixed(1)} ms` },
        );
      }
    }
  } finally {
    await plain.stop();
    await cached.stop();
  }
}

/** What this process takes of its processors, in milliseconds: whoever else is on the machine has no part in it. */
async function processorTime(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function bypasses(payload: Payload): number {
  return getCacheStats(payload)?.total.bypasses['unknown-argument'] ?? 0;
}

import { getCacheStats, payloadKV, settleCache } from 'payload-kv';
import { cloudflareKV, type KVBinding } from 'payload-kv/cloudflare';
import { createMiniflare, startBlog } from '../test/support/payload.js';
import { figure } from './measure.js';

const SIZES = [1, 10, 100, 1_000];
/** A Worker may make so many calls for one request: https://developers.cloudflare.com/workers/platform/limits/ */
const FREE_PLAN = 50;

/** What one bulk operation costs on Cloudflare KV, by the number of its documents. */
export async function benchBulk(): Promise<void> {
  const miniflare = createMiniflare();
  const kv = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
  let puts = 0;
  const binding = {
    get: kv.get.bind(kv),
    list: kv.list.bind(kv),
    delete: kv.delete.bind(kv),
    put: (...args: Parameters<KVBinding['put']>) => {
      puts += 1;
      return kv.put(...args);
    },
  } as KVBinding;
  const site = await startBlog({ plugins: [payloadKV({ store: cloudflareKV({ binding }) })] });
  const { payload } = site;
  try {
    const asked = (): number => getCacheStats(payload)?.operations.registryReplacements ?? 0;
    for (const [name, run] of [
      ['update', () => payload.update({ collection: 'categories', where: {}, data: { name: 'new' } })],
      ['delete', () => payload.delete({ collection: 'categories', where: {} })],
    ] as const) {
      const costs: number[] = [];
      for (const size of SIZES) {
        for (let number = 0; number < size; number++) {
          await payload.db.create({
            collection: 'categories',
            data: { name: `${name} ${size} ${number}`, slug: `${name}-${size}-${number}` },
          });
        }
        await settleCache(payload, 30_000);
        const before = asked();
        puts = 0;
        await run();
        await settleCache(payload, 30_000);
        costs.push(puts);
        figure(
          `one bulk ${name} of ${size} documents: calls of the registry, KV writes`,
          `${asked() - before}, ${puts}`,
        );
        await payload.db.deleteMany({ collection: 'categories', where: {} });
      }
      const most = Math.max(...costs);
      figure(`KV writes of one bulk ${name}, at most`, `${most}`, {
        holds: most < FREE_PLAN,
        says: `below the free plan's ${FREE_PLAN}`,
      });
    }
  } finally {
    await site.stop();
    await miniflare.dispose();
  }
}

import type { Payload } from 'payload';
import {
  cached,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Store,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { type ObserveOptions, observe } from '../../src/runtime/observe.js';
import { chaoticRegistry, chaoticStore, type Fault } from '../support/chaos.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type Started, type StartOptions, startBlog } from '../support/payload.js';

/** A namespace that a text format has to escape. */
export const ODD = 'a "quoted"\nname\\ of functions';

/** A real site whose store and registry are asked as over a network. */
export interface BusySite extends Started {
  /** Has something of every kind happen that a metric tells of. */
  happenings(): Promise<void>;
  /** What goes wrong with each call of store and registry from now on. */
  breakParts(fault: Fault | undefined): void;
  clock: Clock;
}

/** Starts one. */
export async function startBusySite(
  options: ObserveOptions,
  { plugin, ...start }: StartOptions & { plugin?: Partial<PayloadKVOptions> } = {},
): Promise<BusySite> {
  let fault: Fault | undefined;
  let databaseFails = false;
  const far = farAway(chaoticStore(memory(), () => fault));
  const registry = chaoticRegistry(memoryRegistry(), () => fault);
  const clock = takeClock();
  const site = await startBlog({
    seed: 3,
    ...start,
    wrapAdapter(adapter) {
      const find = adapter.find.bind(adapter);
      return Object.assign(adapter, {
        async find(args: Parameters<typeof find>[0]) {
          if (databaseFails && args.collection === 'posts') throw new Error('the database is gone');
          return find(args);
        },
      });
    },
    plugins: [
      payloadKV({
        store: tiered(memory(), far),
        registry: { ...registry, get: async (tags) => registry.get(tags) },
        ttlJitter: 0,
        collections: { posts: { ttl: '1m', staleIfError: '1h' } },
        globals: { header: {} },
        observe: observe(options),
        ...plugin,
      }),
    ],
  });

  async function happenings(): Promise<void> {
    const { payload } = site;
    const find = (more: object = {}) => payload.find({ collection: 'posts', depth: 0, ...more });
    for (let time = 0; time < 3; time++) await find();
    await payload.find({ collection: 'authors', depth: 0 });
    await payload.findGlobal({ slug: 'header', depth: 0 });
    await Promise.all([1, 2, 3].map(() => payload.count({ collection: 'posts' })));
    await functionsRun(payload);
    const [post] = (await find()).docs;
    await payload.update({ collection: 'posts', id: post!.id, data: { title: 'Of one reader alone' } });
    await find();
    await servedStale(find);
    fault = 'reject';
    for (let page = 1; page < 20; page++) await find({ page });
    await payload.update({ collection: 'posts', id: post!.id, data: { title: 'Another' } });
    for (let limit = 1; limit < 20; limit++) await find({ limit });
    fault = undefined;
    // What goes on in the background is counted as well.
    await settleCache(payload);
  }

  async function servedStale(find: () => Promise<unknown>): Promise<void> {
    clock.advance(120);
    databaseFails = true;
    await find().finally(() => {
      databaseFails = false;
    });
  }

  return {
    ...site,
    clock,
    happenings,
    breakParts(next) {
      fault = next;
    },
    async stop() {
      clock.stop();
      await site.stop();
    },
  };
}

/** A store that answers as if over a network. */
function farAway(store: Store): Store {
  return {
    ...store,
    local: false,
    getMany: async (keys) => store.getMany(keys),
    set: async (key, value, ttl) => store.set(key, value, ttl),
    // What memory alone has: how much it holds, and decoded forms.
    usage: undefined,
    decoded: undefined,
  };
}

async function functionsRun(payload: Payload): Promise<void> {
  for (const namespace of ['numbers', ODD, ''])
    await cached(() => 1, { payload, key: ['one'], ...(namespace && { namespace }) });
  // What access control had a part in is not stored for all.
  await cached(({ req }) => payload.find({ collection: 'posts', req, overrideAccess: false }), {
    payload,
    key: ['posts'],
    namespace: 'numbers',
  });
}

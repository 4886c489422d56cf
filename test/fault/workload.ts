import { isDeepStrictEqual } from 'node:util';
import type { Payload } from 'payload';

/** A read of a small blog, through the API that sites use. */
type Read = (payload: Payload, context: { cache?: 'bypass' }) => Promise<unknown>;

const READS: Read[] = [
  (payload, context) => payload.find({ collection: 'posts', limit: 5, sort: '-id', depth: 1, context }),
  (payload, context) => payload.find({ collection: 'posts', limit: 2, sort: 'id', depth: 0, context }),
  (payload, context) => payload.find({ collection: 'posts', limit: 3, sort: 'id', depth: 0, context }),
  (payload, context) =>
    payload.find({ collection: 'posts', where: { slug: { equals: 'post-1' } }, depth: 2, context }),
  (payload, context) => payload.find({ collection: 'categories', depth: 0, sort: 'id', context }),
  (payload, context) =>
    payload.find({
      collection: 'posts',
      where: { 'category.name': { like: 'Category' } },
      depth: 0,
      context,
    }),
  (payload, context) => payload.count({ collection: 'posts', context }),
  (payload, context) => payload.findDistinct({ collection: 'categories', field: 'name', context }),
  (payload, context) => payload.findGlobal({ slug: 'site-settings', depth: 0, context }),
];

/** Sees what the workload does, to count and to measure it. By default a difference and a failure end the work. */
export interface Observer {
  /** Runs a read that the cache may answer. */
  read<Answer>(run: () => Promise<Answer>): Promise<Answer>;
  /** Runs a write. */
  write(run: () => Promise<unknown>): Promise<unknown>;
  /** Called for an answer that is not the database's. */
  differs(of: string, answer: unknown, truth: unknown): void;
}

const STRICT: Observer = {
  read: (run) => run(),
  write: (run) => run(),
  differs(of, answer, truth) {
    throw new Error(`${of} brought\n${JSON.stringify(answer)}\ninstead of\n${JSON.stringify(truth)}`);
  },
};

let created = 0;

/**
 * Reads and writes a blog for a while. None may fail, and every answer must be the database's.
 *
 * @param random decides what comes next
 * @param observer sees each read and write; where it catches what they throw, the work goes on
 */
export async function workload(
  payload: Payload,
  steps: number,
  random: () => number,
  observer: Observer = STRICT,
): Promise<void> {
  const ids = async (collection: 'posts' | 'categories') =>
    (
      await payload.find({ collection, limit: 0, depth: 0, sort: 'id', context: { cache: 'bypass' } })
    ).docs.map(({ id }) => id as number);
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

  for (let step = 0; step < steps; step++) {
    const choice = random();
    if (choice < 0.1) {
      const id = one(await ids('posts'));
      await observer.write(() =>
        payload.update({ collection: 'posts', id, data: { title: `Title ${step}` } }),
      );
    } else if (choice < 0.16) {
      const id = one(await ids('categories'));
      await observer.write(() =>
        payload.update({ collection: 'categories', id, data: { name: `Category ${step}` } }),
      );
    } else if (choice < 0.19) {
      const slug = `new-${++created}`;
      const data = { title: slug, slug, _status: 'published' } as never;
      await observer.write(() => payload.create({ collection: 'posts', data }));
    } else if (choice < 0.21) {
      const all = await ids('posts');
      const id = one(all);
      if (all.length > 3) await observer.write(() => payload.delete({ collection: 'posts', id }));
    } else if (choice < 0.23) {
      const data = { siteName: `Name ${step}` } as never;
      await observer.write(() => payload.updateGlobal({ slug: 'site-settings', data }));
    } else {
      const read = one(READS);
      // Through the cache twice, so that what the first stores the second may find.
      for (const time of ['first', 'second']) {
        const answer = await observer.read(() => read(payload, {}));
        const truth = await read(payload, { cache: 'bypass' });
        if (!isDeepStrictEqual(answer, truth)) {
          observer.differs(`step ${step}, ${time} read, ${read}`, answer, truth);
        }
      }
    }
  }
}

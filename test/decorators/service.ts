/** Methods as a service has them, in what both kinds of decorators take. The tests compile this file both ways and run it. */
import type { Payload, PayloadRequest } from 'payload';
import { Cached, CacheEvict, CachePut } from 'payload-kv/decorators';

/** What the tests look at, and set. */
export const world = { payload: undefined as Payload | undefined, runs: [] as string[], fails: false };

const payload = () => world.payload;
let number = 0;

/** A result that is another one each time. */
function made(what: string): { what: string; number: number } {
  world.runs.push(what);
  number += 1;
  return { what, number };
}

export const SECRET = Symbol('secret');

export class Users {
  tenant = 'a';

  @Cached({ namespace: 'users', key: 'user:#{0.id}', payload })
  async byUser(user: { id?: unknown; name?: string }) {
    return made(`byUser ${String(user.id)}`);
  }

  @Cached({ namespace: 'pairs', key: '#{one}:#{two}', params: ['one', 'two'], payload })
  async pair(one: unknown, two: unknown) {
    return made(`pair ${String(one)} ${String(two)}`);
  }

  @Cached({ namespace: 'arguments', ttl: '1h', payload })
  async byArguments(...args: unknown[]) {
    return made(`byArguments ${args.length}`);
  }

  @Cached({ namespace: 'optional', key: '#{0}/#{1?}', payload })
  async optional(id: number, locale = 'en') {
    return made(`optional ${id} ${locale}`);
  }

  @Cached({
    namespace: 'tenants',
    key: ([id]: [number], self: Users) => [self.tenant, id],
    payload: (self: Users) => (self.tenant === 'nobody' ? undefined : payload()),
  })
  async ofTenant(id: number) {
    return made(`ofTenant ${this.tenant} ${id}`);
  }

  @Cached({ namespace: 'titles', key: ([id]: [number]) => `title of ${id}`, payload })
  async title(id: number): Promise<string> {
    world.runs.push('title');
    const post = await world.payload?.findByID({ collection: 'posts', id, depth: 0 });
    return post?.title as string;
  }

  @Cached({
    namespace: 'as somebody',
    key: ([id]: [number, { req: PayloadRequest }]) => [id],
    req: ([, { req }]: [number, { req: PayloadRequest }]) => req,
    payload,
  })
  async titleFor(id: number, { req }: { req: PayloadRequest }): Promise<string> {
    world.runs.push('titleFor');
    const post = await req.payload.findByID({ collection: 'posts', id, depth: 0, req });
    return post.title as string;
  }

  @Cached({
    namespace: 'when',
    key: '#{0}',
    when: ([id]: [number]) => id > 0,
    tags: ['when'],
    ttl: '1m',
    payload,
  })
  async positive(id: number) {
    return made(`positive ${id}`);
  }

  @Cached({
    namespace: 'unless',
    unless: (found: unknown, [id]: [number]) => found === null && id > 0,
    tags: ([id]: [number]) => [`unless-${id}`],
    payload,
  })
  async found(id: number): Promise<{ title: unknown } | null> {
    world.runs.push(`found ${id}`);
    const { docs } = await world.payload!.find({
      collection: 'posts',
      where: { id: { equals: id } },
      depth: 0,
    });
    return docs[0] ? { title: docs[0].title } : null;
  }

  @Cached({ namespace: 'failing', payload })
  async failing(): Promise<{ what: string; number: number }> {
    if (world.fails) throw new Error(`failed ${made('failing').number}`);
    return made('failing');
  }

  async overloaded(id: number): Promise<{ what: string; number: number }>;
  async overloaded(id: number, name: string): Promise<{ what: string; number: number }>;
  @Cached({ namespace: 'overloaded', payload })
  async overloaded(id: number, name?: string): Promise<{ what: string; number: number }> {
    return made(`overloaded ${id} ${name}`);
  }

  @Cached({ namespace: 'symbols', payload })
  async [SECRET](id: number) {
    return made(`secret ${id}`);
  }

  @Cached({ namespace: 'settings', payload })
  get settings(): Promise<{ what: string; number: number }> {
    return Promise.resolve(made('settings'));
  }

  @Cached({ namespace: 'of the class', payload })
  static async ofAll(id: number) {
    return made(`ofAll ${id} ${typeof Users.ofAll}`);
  }

  // @ts-expect-error: what it returns is no promise
  @Cached({ namespace: 'at once', payload })
  atOnce(id: number) {
    return made(`atOnce ${id}`);
  }
}

/** Reads, puts and evicts. */
export class Prices {
  @Cached({ namespace: 'prices', key: 'price:#{0}', tags: ['shop'], payload })
  async of(item: unknown): Promise<unknown> {
    world.runs.push(`of ${String(item)}`);
    return 'read';
  }

  @CachePut({
    namespace: 'prices',
    key: 'price:#{item}',
    params: ['item', 'price'],
    tags: (_args: unknown, _self: unknown, price: unknown) => [`price-${String(price)}`],
    unless: (price: unknown) => price === null,
    when: ([, , isTrial]: [unknown, unknown, boolean?]) => !isTrial,
    payload,
  })
  async put(item: unknown, price: unknown, isTrial = false): Promise<unknown> {
    if (world.fails) throw new Error('put failed');
    world.runs.push(`put ${String(item)}${isTrial ? ', for trial' : ''}`);
    return price;
  }

  @CachePut({
    namespace: 'prices',
    key: (_args: unknown, _self: unknown, result: { id: number }) => ['price:', result.id],
    payload,
  })
  async create(id: number) {
    return { id };
  }

  @CacheEvict({
    namespace: 'prices',
    key: 'price:#{0}',
    when: ([item]: [unknown]) => item !== 'kept',
    payload,
  })
  async remove(_item: unknown): Promise<void> {
    if (world.fails) throw new Error('remove failed');
    world.runs.push('remove');
  }

  @CacheEvict({ namespace: 'prices', key: 'price:#{0}', before: true, payload })
  async removeBefore(item: unknown): Promise<void> {
    world.runs.push(`removeBefore, and ${String(await this.of(item))}`);
    if (world.fails) throw new Error('remove failed');
  }

  @CacheEvict({ namespace: 'prices', all: true, payload })
  async removeAll(): Promise<void> {}

  @CacheEvict({ tags: ['shop'], payload })
  async closeShop(): Promise<void> {}

  @CacheEvict({ tags: ([price]: [number]) => [`price-${price}`], payload })
  async forget(_price: number): Promise<void> {}
}

/** Several on one method: the upper one is around the lower. */
export class Stacked {
  @CacheEvict({ namespace: 'prices', all: true, payload })
  @Cached({ namespace: 'stacked', payload })
  async evictsAlways(_id: number) {
    return made('evictsAlways');
  }

  @Cached({ namespace: 'stacked otherwise', key: '#{0}', payload })
  @CacheEvict({ namespace: 'prices', all: true, payload })
  async evictsOnceRun(_id: number) {
    return made('evictsOnceRun');
  }
}

export class Base {
  @Cached({ namespace: 'base', key: 'name:#{0}', payload })
  async named(id: number): Promise<string> {
    world.runs.push(`Base ${id}`);
    return `${this.prefix()} ${id}`;
  }

  prefix(): string {
    return 'base';
  }
}

export class Inheriting extends Base {
  override prefix(): string {
    return 'inheriting';
  }
}

export class Overriding extends Base {
  override async named(id: number): Promise<string> {
    world.runs.push(`Overriding ${id}`);
    return `over ${await super.named(id)}`;
  }
}

export class OverridingApart extends Base {
  @Cached({ namespace: 'overriding apart', key: 'name:#{0}', payload })
  override async named(id: number): Promise<string> {
    world.runs.push(`OverridingApart ${id}`);
    return `apart ${await super.named(id)}`;
  }
}

export class OverridingInPlace extends Base {
  @Cached({ namespace: 'base', key: 'name:#{0}', payload })
  override async named(id: number): Promise<string> {
    return `in place ${await super.named(id)}`;
  }
}

export class Alike {
  @Cached({ namespace: 'alike', payload })
  async one(_id: number) {
    return made('one');
  }

  @Cached({ namespace: 'alike', payload })
  async another(_id: number) {
    return made('another');
  }
}

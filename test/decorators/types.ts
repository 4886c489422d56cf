/** What compiles and what does not, by both kinds of decorators: `npm run check` and types.test.ts compile this file. */
import { Cached, CacheEvict, CachePut } from 'payload-kv/decorators';

interface User {
  id: number;
}

const space = { namespace: 'types' };

export class Types {
  tenant = 'a';

  @Cached({ ...space, key: ([id]: [number]) => [id] })
  async byId(id: number): Promise<User> {
    return { id };
  }

  // The options take the arguments that the method is called with.
  // @ts-expect-error
  @Cached({ ...space, key: ([id]: [string]) => [id] })
  async byOtherId(id: number): Promise<User> {
    return { id };
  }

  // @ts-expect-error
  @Cached({ ...space, when: ([id, name]: [number, string]) => name === '' || id > 0 })
  async byFewer(id: number): Promise<User> {
    return { id };
  }

  @Cached({ ...space, key: ([id]: [number | string]) => [id] })
  async byWider(id: number): Promise<User> {
    return { id };
  }

  @Cached({ ...space, key: ([id]: [number, ...unknown[]]) => [id] })
  async byFirst(id: number, _rest: string, ..._more: boolean[]): Promise<User> {
    return { id };
  }

  // Without a type they are any.
  @Cached({ ...space, key: ([id]) => [id.anything], unless: (result) => result.anything })
  async byAny(id: number): Promise<User> {
    return { id };
  }

  @Cached({ ...space, unless: (user: User | null) => user === null })
  async orNull(id: number): Promise<User | null> {
    return id > 0 ? { id } : null;
  }

  // @ts-expect-error: it may be null as well
  @Cached({ ...space, unless: (user: User) => user.id > 0 })
  async orNullUnseen(id: number): Promise<User | null> {
    return id > 0 ? { id } : null;
  }

  @Cached({ ...space, key: (_args: unknown, self: Types) => [self.tenant] })
  async ofTenant(): Promise<number> {
    return 1;
  }

  // @ts-expect-error: `this` is no Date
  @Cached({ ...space, key: (_args: unknown, self: Date) => [self] })
  async ofDate(): Promise<number> {
    return 1;
  }

  @Cached(space)
  async generic<Value>(value: Value): Promise<Value> {
    return value;
  }

  @Cached(space)
  maybe(id: number): number | Promise<number> {
    return id;
  }

  // @ts-expect-error: it would return a promise from then on
  @Cached(space)
  sync(id: number): number {
    return id;
  }

  // @ts-expect-error: it would return a promise from then on
  @CachePut({ ...space, key: '#{0}' })
  syncPut(id: number): number {
    return id;
  }

  // @ts-expect-error: it would return a promise from then on
  @CacheEvict({ ...space, all: true })
  syncEvict(): void {}

  // @ts-expect-error: no promise
  @Cached(space)
  async *generator(): AsyncGenerator<number> {
    yield 1;
  }

  @Cached(space)
  get getter(): Promise<number> {
    return Promise.resolve(1);
  }

  // @ts-expect-error: no promise
  @Cached(space)
  get syncGetter(): number {
    return 1;
  }

  // @ts-expect-error: no method
  @CacheEvict({ ...space, all: true })
  get evictingGetter(): Promise<number> {
    return Promise.resolve(1);
  }

  // @ts-expect-error: no method
  @Cached(space)
  set setter(_value: number) {}

  // @ts-expect-error: no method
  @Cached(space)
  field = async () => 1;

  @Cached(space)
  static async ofClass(id: number): Promise<number> {
    return id;
  }

  @CachePut({
    ...space,
    key: (_args: unknown, _self: unknown, user: User) => [user.id],
    unless: (user: User) => user.id === 0,
  })
  async put(user: Partial<User>): Promise<User> {
    return { id: 1, ...user };
  }

  // @ts-expect-error: a namespace is needed
  @Cached({ key: '#{0}' })
  async nowhere(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error: no duration
  @Cached({ ...space, ttl: 'soon' })
  async soon(id: number): Promise<number> {
    return id;
  }
}

// @ts-expect-error: no method
@Cached(space)
export class Whole {}

/** A method keeps its type. */
export async function keptTypes(types: Types): Promise<[User, string, 5]> {
  // @ts-expect-error
  await types.byId('a');
  return [await types.byId(1), await types.generic('text'), await types.generic<5>(5)];
}

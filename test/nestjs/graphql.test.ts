import 'reflect-metadata';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import {
  Args,
  Context,
  Field,
  GraphQLModule,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import DataLoader from 'dataloader';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { Cached } from '../../src/runtime/decorators.js';
import { memory } from '../../src/runtime/index.js';
import { CacheRoute, cachedLoader, InjectCache, PayloadKVModule } from '../../src/runtime/nestjs.js';
import { type RunningApplication, startApplication } from './application.js';

const runs = new Map<string, number>();
const run = (name: string): number => {
  runs.set(name, (runs.get(name) ?? 0) + 1);
  return runs.get(name) as number;
};
let asked: (readonly number[])[] = [];

/** What `emitDecoratorMetadata` has TypeScript write, and Vitest does not. */
const takes = (...types: unknown[]) => Reflect.metadata('design:paramtypes', types);

@ObjectType()
class Author {
  @Field(() => Int) id!: number;
  @Field(() => String) name!: string;
}

@ObjectType()
class Post {
  @Field(() => Int) id!: number;
  @Field(() => Int) run!: number;
  @Field(() => String, { nullable: true }) viewer!: string | null;
}

/** A DataLoader for each request, whose keys all requests find in one cache. */
@Injectable({ scope: Scope.REQUEST })
class Authors {
  readonly loader: DataLoader<number, Author>;
  constructor(@InjectCache() cache: StandaloneCache) {
    this.loader = new DataLoader(
      cachedLoader(
        async (ids: readonly number[]) => {
          asked.push(ids);
          return ids.map((id) => ({ id, name: `author ${id}` }));
        },
        { namespace: 'authors', cache },
      ),
    );
  }
}

@Resolver(() => Post)
class PostResolver {
  constructor(@InjectCache() readonly cache: StandaloneCache) {}

  @Query(() => [Post])
  @CacheRoute({ ttl: '1h', shared: true })
  @takes(Array, Object)
  posts(
    @Args('ids', { type: () => [Int] }) ids: number[],
    @Context() { req }: { req: { headers: Record<string, string> } },
  ): Post[] {
    const count = run('posts');
    return ids.map((id) => ({ id, run: count, viewer: req.headers['x-viewer'] ?? null }));
  }

  @ResolveField(() => Int)
  @Cached({
    namespace: 'likes',
    ttl: '1h',
    key: ([{ id }, factor]: readonly [Post, number]) => [id, factor],
    cache: (self: PostResolver) => self.cache,
  })
  @takes(Post, Number)
  async likes(
    @Parent() post: Post,
    @Args('factor', { type: () => Int, defaultValue: 1 }) factor: number,
  ): Promise<number> {
    run(`likes ${post.id} ${factor}`);
    return post.id * factor;
  }
}

@Resolver(() => Post)
class PostAuthorResolver {
  constructor(@Inject(Authors) readonly authors: Authors) {}

  @ResolveField(() => Author)
  @takes(Post)
  author(@Parent() post: Post): Promise<Author> {
    return this.authors.loader.load(post.id % 2);
  }
}

let cache: StandaloneCache;
let running: RunningApplication;

beforeAll(async () => {
  cache = createCache({ store: memory() });
  @Module({
    imports: [
      PayloadKVModule.forRoot({ cache, isGlobal: true }),
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        fieldResolverEnhancers: ['interceptors'],
      }),
    ],
    providers: [PostResolver, PostAuthorResolver, Authors],
  })
  class Root {}
  running = await startApplication(Root);
});

afterAll(async () => {
  await running?.close();
  await cache?.close();
});

afterEach(async () => {
  runs.clear();
  asked = [];
  await cache.clear();
});

async function query(text: string, headers: Record<string, string> = {}): Promise<any> {
  const response = await fetch(`${running.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: text }),
  });
  const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}

test('a field is kept by its parent and its arguments', async () => {
  const text = '{ posts(ids: [1, 2]) { id likes ten: likes(factor: 10) } }';
  const first = await query(text);
  expect(first.posts).toEqual([
    { id: 1, likes: 1, ten: 10 },
    { id: 2, likes: 2, ten: 20 },
  ]);
  expect(await query(text)).toEqual(first);
  for (const name of ['likes 1 1', 'likes 1 10', 'likes 2 1', 'likes 2 10']) expect(runs.get(name)).toBe(1);
  await cache.deleteNamespace('likes');
  await query(text);
  expect(runs.get('likes 1 1')).toBe(2);
});

test('the interceptor lets a resolver through: one address answers all questions', async () => {
  const posts = (viewer: string, ids: string) =>
    query(`{ posts(ids: ${ids}) { id run viewer } }`, { 'x-viewer': viewer });
  expect((await posts('ada', '[1]')).posts).toEqual([{ id: 1, run: 1, viewer: 'ada' }]);
  expect((await posts('bob', '[2]')).posts).toEqual([{ id: 2, run: 2, viewer: 'bob' }]);
  // By GET as well.
  const get = (text: string) =>
    running.get(`/graphql?query=${encodeURIComponent(text)}`, { 'apollo-require-preflight': '1' });
  expect((await get('{ posts(ids: [3]) { id run } }')).body.data.posts).toEqual([{ id: 3, run: 3 }]);
  expect((await get('{ posts(ids: [3]) { id run } }')).body.data.posts).toEqual([{ id: 3, run: 4 }]);
});

test('a DataLoader of each request asks once for what no request has asked for', async () => {
  const text = (ids: string) => `{ posts(ids: ${ids}) { author { name } } }`;
  expect((await query(text('[2, 3, 4, 5]'))).posts).toEqual([
    { author: { name: 'author 0' } },
    { author: { name: 'author 1' } },
    { author: { name: 'author 0' } },
    { author: { name: 'author 1' } },
  ]);
  await query(text('[2, 3]'));
  expect(asked.map((ids) => [...ids].sort())).toEqual([[0, 1]]);
});

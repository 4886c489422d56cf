import { Controller, Get, Inject, Injectable, Module, Param, Put } from '@nestjs/common';
import type { Payload } from 'payload';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { StandaloneCache } from '../../src/runtime/cache.js';
import { Cached } from '../../src/runtime/decorators.js';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { CacheRoute, InjectCache, PayloadKVModule } from '../../src/runtime/nestjs.js';
import { type Started, startBlog } from '../support/payload.js';
import { type RunningApplication, startApplication } from './application.js';

const PAYLOAD = Symbol('Payload');
const runs = new Map<string, number>();
const run = (name: string): number => {
  runs.set(name, (runs.get(name) ?? 0) + 1);
  return runs.get(name) as number;
};

let site: Started;
let running: RunningApplication;
let ids: number[];
let authors: number[];

@Injectable()
class Posts {
  constructor(
    @Inject(PAYLOAD) readonly payload: Payload,
    @InjectCache() readonly cache: StandaloneCache,
  ) {}

  one(id: number) {
    return this.payload.findByID({
      collection: 'posts',
      id,
      depth: 1,
      select: { title: true, author: true },
    });
  }

  @Cached({ namespace: 'titles', ttl: '1h', cache: (self: Posts) => self.cache })
  async title(id: number): Promise<string> {
    run(`title ${id}`);
    return (await this.payload.findByID({ collection: 'posts', id, depth: 0 })).title;
  }

  as(user: { id: string }) {
    return this.payload.find({
      collection: 'posts',
      overrideAccess: false,
      user: { ...user, collection: 'users' } as never,
    });
  }
}

@Controller('posts')
class PostsController {
  constructor(@Inject(Posts) readonly posts: Posts) {}

  @Get('count')
  @CacheRoute({ ttl: '1h' })
  async count() {
    return { run: run('count'), ...(await this.posts.payload.count({ collection: 'posts' })) };
  }

  @Get('as/:user')
  @CacheRoute({ ttl: '1h' })
  async as(@Param('user') id: string) {
    return { run: run('as'), found: (await this.posts.as({ id })).totalDocs };
  }

  @Get(':id')
  @CacheRoute({ ttl: '1h' })
  async one(@Param('id') id: string) {
    const { title, author } = await this.posts.one(Number(id));
    return { run: run(`one ${id}`), title, author: (author as { name?: string } | null)?.name };
  }

  @Put(':id/:title')
  async rename(@Param('id') id: string, @Param('title') title: string) {
    await this.posts.payload.update({ collection: 'posts', id: Number(id), data: { title } });
  }
}

@Module({
  providers: [
    {
      provide: PAYLOAD,
      useFactory: async () => {
        site = await startBlog({ plugins: [payloadKV({ store: memory() })], seed: 3 });
        return site.payload;
      },
    },
  ],
  exports: [PAYLOAD],
})
class PayloadModule {}

@Module({
  imports: [
    PayloadModule,
    PayloadKVModule.forRootAsync({
      imports: [PayloadModule],
      inject: [PAYLOAD],
      useFactory: (payload: Payload) => ({ payload }),
    }),
  ],
  controllers: [PostsController],
  providers: [Posts],
})
class Root {}

beforeAll(async () => {
  running = await startApplication(Root);
  const { docs } = await site.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
  ids = docs.map(({ id }) => id as number);
  authors = (await site.payload.find({ collection: 'authors', sort: 'id', depth: 0 })).docs.map(
    ({ id }) => id as number,
  );
  await site.payload.update({ collection: 'posts', id: ids[0] as number, data: { author: authors[0] } });
});

afterAll(async () => {
  await running?.close();
  await site?.stop();
});

beforeEach(async () => {
  runs.clear();
  await running.app.get(Posts).cache.clear();
});

test('what a route has read through Payload makes its answer stale when it is written, and nothing else does', async () => {
  const [one, other] = ids as [number, number];
  const first = await running.get(`/posts/${one}`);
  await running.get(`/posts/${other}`);
  await settleCache(site.payload);
  expect((await running.get(`/posts/${one}`)).body).toEqual(first.body);
  await site.payload.update({ collection: 'posts', id: other, data: { title: 'Other' } });
  expect((await running.get(`/posts/${other}`)).body).toMatchObject({ run: 2, title: 'Other' });
  expect((await running.get(`/posts/${one}`)).body.run).toBe(1);
  await fetch(`${running.url}/posts/${one}/Renamed`, { method: 'PUT' });
  expect((await running.get(`/posts/${one}`)).body).toMatchObject({ run: 2, title: 'Renamed' });
});

test('so does what it populates', async () => {
  const [one] = ids as [number];
  await running.get(`/posts/${one}`);
  await site.payload.update({ collection: 'authors', id: authors[0] as number, data: { name: 'Zoe' } });
  expect((await running.get(`/posts/${one}`)).body).toMatchObject({ run: 2, author: 'Zoe' });
});

test('a new document makes a count stale', async () => {
  const { body } = await running.get('/posts/count');
  await running.get('/posts/count');
  expect(runs.get('count')).toBe(1);
  await site.payload.create({ collection: 'posts', data: { title: 'New', slug: 'new' } });
  expect((await running.get('/posts/count')).body).toEqual({ run: 2, totalDocs: body.totalDocs + 1 });
});

test('what was read as somebody is not kept where no route says whose it is', async () => {
  for (const name of ['1', '1']) await running.get(`/posts/as/${name}`);
  expect(runs.get('as')).toBe(2);
});

test('a decorated method of a provider depends on what it has read as well, in the injected cache', async () => {
  const posts = running.app.get(Posts);
  const [one, other] = ids as [number, number];
  const title = await posts.title(one);
  await settleCache(site.payload);
  expect(await posts.title(one)).toBe(title);
  await site.payload.update({ collection: 'posts', id: other, data: { title: 'Else' } });
  await posts.title(one);
  expect(runs.get(`title ${one}`)).toBe(1);
  await site.payload.update({ collection: 'posts', id: one, data: { title: 'Decorated' } });
  expect(await posts.title(one)).toBe('Decorated');
});

test('the injected cache is that of Payload', async () => {
  const { cache } = running.app.get(Posts);
  await cache.set(['a'], null, { namespace: 'mine', tags: ['t'] });
  expect(await cache.get(['a'], { namespace: 'mine' })).toEqual({ value: null });
  await cache.invalidate({ tags: ['t'] });
  expect(await cache.get(['a'], { namespace: 'mine' })).toBeUndefined();
  await cache.set('b', 1);
  expect(await cache.get('b')).toEqual({ value: 1 });
  await cache.delete('b');
  expect(await cache.get('b')).toBeUndefined();
  expect(await cache.isConnected()).toBe(true);
  expect(await cache.getStats()).toMatchObject({ provider: 'memory', connected: true });
});

/** The application of the soak, one process of it: told by its environment where Redis and the truth are. */
import type { AddressInfo } from 'node:net';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Put,
  Req,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { StandaloneCache } from '../../../src/runtime/cache.js';
import { CacheRoute, InjectCache, PayloadKVModule } from '../../../src/runtime/nestjs.js';

const { TRUTH = '', TTL = '2s' } = process.env;

/** What a process tells of itself. */
export type Said =
  | { port: number }
  | { fault: string }
  | { heap: number }
  | { health: { connected: boolean; pending: number; hits: number; misses: number } };

const say = (said: Said): void => void process.send?.(said);

for (const event of ['unhandledRejection', 'uncaughtException'] as const)
  process.on(event, (error: unknown) =>
    say({ fault: `${event}: ${error instanceof Error ? error.stack : error}` }),
  );

interface Person {
  user?: { id: string };
}

/** Whoever sends a name is that person. */
@Injectable()
class NameGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Person & { headers: { authorization?: string } }>();
    const [, id] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (id) request.user = { id };
    return true;
  }
}

/** The truth, which is in the process of the soak. */
@Injectable()
class Truth {
  async read(name: string): Promise<number> {
    return Number(await (await fetch(`${TRUTH}/${name}`)).text());
  }
  async write(name: string): Promise<number> {
    return Number(await (await fetch(`${TRUTH}/${name}`, { method: 'PUT' })).text());
  }
}

@Controller()
class Items {
  constructor(
    @Inject(Truth) readonly truth: Truth,
    @InjectCache() readonly cache: StandaloneCache,
  ) {}

  @Get('items/:id')
  @CacheRoute({ ttl: TTL as '2s', tags: ({ params }) => [`item-${params.id}`] })
  async one(@Param('id') id: string) {
    return { version: await this.truth.read(`item-${id}`) };
  }

  @Get('me')
  @CacheRoute({
    ttl: TTL as '2s',
    vary: ({ user }: Person) => (user ? [user.id] : []),
    tags: ({ user }: Person) => [`user-${user?.id}`],
  })
  async me(@Req() { user }: Person) {
    return { user: user?.id ?? null, version: await this.truth.read(`user-${user?.id}`) };
  }

  @Put(':kind/:id')
  async write(@Param('kind') kind: string, @Param('id') id: string) {
    const version = await this.truth.write(`${kind}-${id}`);
    await this.cache.invalidate({ tags: [`${kind}-${id}`] });
    return { version };
  }
}

@Module({ imports: [PayloadKVModule.forRoot()], controllers: [Items], providers: [Truth, NameGuard] })
class Root {}

const app = await NestFactory.create(Root, { logger: false });
app.useGlobalGuards(new NameGuard());
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
const cache = app.get(Items).cache;

process.on('message', async (asked: 'heap' | 'health') => {
  if (asked === 'health') {
    const { connected, pending, hits, misses } = await cache.getStats();
    say({ health: { connected, pending, hits, misses } });
    return;
  }
  // What is garbage only looks like a leak.
  for (let time = 0; time < 3; time++) globalThis.gc?.();
  say({ heap: process.memoryUsage().heapUsed });
});
process.on('disconnect', () => process.exit());
say({ port: (app.getHttpServer().address() as AddressInfo).port });

import { Readable } from 'node:stream';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Head,
  Header,
  Headers,
  HttpCode,
  Injectable,
  InternalServerErrorException,
  Ip,
  Module,
  type NestInterceptor,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR, ModuleRef, Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { Request, Response } from 'express';
import type { FastifyReply } from 'fastify';
import { EMPTY, lastValueFrom, map, of } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { memory } from '../../src/runtime/index.js';
import { CacheInterceptor, CacheRoute, PayloadKVModule } from '../../src/runtime/nestjs.js';
import { type RunningApplication, STARTS, startApplication } from './application.js';

/** How often each handler has run. */
const runs = new Map<string, number>();
const run = (name: string): number => {
  const count = (runs.get(name) ?? 0) + 1;
  runs.set(name, count);
  return count;
};

/** Lets in whoever sends a name, as a session would, and makes them the user of the request. */
@Injectable()
class NameGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request & { user?: unknown }>();
    const [, name] = /^Bearer (\w+)$/.exec(String(request.headers.authorization)) ?? [];
    if (name === 'banned') throw new ForbiddenException();
    if (name) request.user = { id: name, tenant: name.slice(0, 1) };
    return true;
  }
}

const CurrentUser = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest().user ?? null,
);

/** As the platform has it. */
function setCookie(response: Response, name: string, value: string): void {
  if ('setCookie' in response) (response as unknown as FastifyReply).setCookie(name, value);
  else response.cookie(name, value);
}

@Injectable()
class Stamp implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    context.switchToHttp().getResponse<Response>().header('x-stamp', '1');
    return next.handle().pipe(map((value) => ({ stamped: value })));
  }
}

class Person {
  constructor(readonly name: string) {}
}

/** As `ClassSerializerInterceptor`, which has a package of its own to do it. */
@Injectable()
class Serializer implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((value) => ({ ...value })));
  }
}

let failing = false;

@Controller()
@UseGuards(NameGuard)
class Routes {
  @Get('values/:kind')
  @CacheRoute({ ttl: '1h' })
  values(@Param('kind') kind: string) {
    run(`values ${kind}`);
    if (kind === 'null') return null;
    if (kind === 'undefined') return undefined;
    if (kind === 'empty') return EMPTY;
    if (kind === 'observable') return of(1, 2, { last: true });
    if (kind === 'false') return false;
    if (kind === 'zero') return 0;
    if (kind === 'text') return '';
    if (kind === 'date') return { at: new Date(0), left: undefined };
    if (kind === 'bytes') return Buffer.from('abc');
    return { kind };
  }

  @Get('query')
  @CacheRoute()
  query(@Query() query: object) {
    return { run: run('query'), query };
  }

  @Post('query')
  @CacheRoute()
  post() {
    return { run: run('post') };
  }

  @Get('host')
  @CacheRoute()
  host(@Req() request: Request) {
    return { run: run('host'), hostname: request.hostname, protocol: request.protocol };
  }

  @Get('me')
  @CacheRoute()
  me(@CurrentUser() user: unknown) {
    return { run: run('me'), user };
  }

  @Get('told')
  @CacheRoute({ vary: ({ user }) => (user ? [user.id, user.tenant] : []) })
  told(@CurrentUser() user: unknown) {
    return { run: run('told'), user };
  }

  @Get('not-told')
  @CacheRoute({ vary: () => undefined })
  notTold() {
    return { run: run('not-told') };
  }

  @Get('everybodys')
  @CacheRoute({ shared: true })
  everybodys() {
    return { run: run('everybodys') };
  }

  @Get('harmless')
  @CacheRoute({ harmlessCookies: ['_ga*', 'theme'], credentialHeaders: ['X-Ticket'] })
  harmless() {
    return { run: run('harmless') };
  }

  @Get('header')
  @CacheRoute()
  header(@Headers('x-tenant') tenant: string) {
    return { run: run('header'), tenant };
  }

  @Get('all-headers')
  @CacheRoute()
  allHeaders(@Req() request: Request) {
    return { run: run('all-headers'), agent: { ...request.headers }['user-agent'] };
  }

  @Get('listed-header')
  @CacheRoute({ headers: ['X-Tenant'] })
  listedHeader(@Headers('x-tenant') tenant: string) {
    return { run: run('listed-header'), tenant };
  }

  @Get('ip')
  @CacheRoute()
  ip(@Ip() ip: string) {
    return { run: run('ip'), ip };
  }

  @Get('missing')
  @CacheRoute()
  missing() {
    throw new NotFoundException(`run ${run('missing')}`);
  }

  @Get('failing')
  @CacheRoute({ ttl: '1s', staleIfError: '1h' })
  failing() {
    const count = run('failing');
    if (failing) throw new InternalServerErrorException(`run ${count}`);
    return { run: count };
  }

  @Get('gone')
  @CacheRoute({ ttl: '1s', staleIfError: '1h' })
  gone() {
    const count = run('gone');
    if (failing) throw new NotFoundException(`run ${count}`);
    return { run: count };
  }

  @Get('file')
  @CacheRoute()
  file() {
    return new StreamableFile(Readable.from([`run ${run('file')}`]), { type: 'text/plain' });
  }

  @Get('res')
  @CacheRoute()
  res(@Res() response: Response) {
    const count = run('res');
    setTimeout(() => response.send({ run: count }), 5);
  }

  @Get('passthrough')
  @CacheRoute()
  passthrough(@Res({ passthrough: true }) response: Response, @Query('set') set?: string) {
    const count = run('passthrough');
    if (set === 'header') response.header('x-set', `${count}`);
    if (set === 'status') response.status(202);
    if (set === 'cookie') setCookie(response, 'session', `${count}`);
    return { run: count };
  }

  @Sse('events')
  @CacheRoute()
  events() {
    return of({ data: { run: run('events') } });
  }

  @Get('redirect')
  @Redirect()
  @CacheRoute()
  redirect() {
    return { url: `/to/${run('redirect')}`, statusCode: 302 };
  }

  @Get('decorated')
  @Header('x-fixed', 'yes')
  @HttpCode(203)
  @CacheRoute()
  decorated() {
    return { run: run('decorated') };
  }

  @Head('head')
  @CacheRoute()
  head() {
    run('head');
  }

  @Get('person')
  @CacheRoute()
  person() {
    return new Person(`run ${run('person')}`);
  }

  @Get('inner')
  @CacheRoute()
  @UseInterceptors(Stamp)
  inner() {
    return { run: run('inner') };
  }

  @Get('tagged/:id')
  @CacheRoute({ namespace: 'tagged', tags: ({ params }) => [`item ${params.id}`] })
  tagged(@Param('id') id: string) {
    return { run: run(`tagged ${id}`) };
  }

  @Get('elsewhere')
  @CacheRoute({ cache: 'nowhere' })
  elsewhere() {
    return {};
  }

  @Get('plain')
  plain() {
    return { run: run('plain') };
  }
}

@Controller('class')
@CacheRoute({ ttl: '1h', namespace: 'class' })
class WholeController {
  @Get('one')
  one() {
    return { run: run('class one') };
  }

  @Get('off')
  @CacheRoute(false)
  off() {
    return { run: run('class off') };
  }

  @Post('one')
  write() {
    return { run: run('class write') };
  }
}

describe.each(STARTS)('on %s', (platform, start) => {
  let cache: StandaloneCache;
  let running: RunningApplication;

  beforeAll(async () => {
    cache = createCache({ store: memory() });
    @Module({
      imports: [PayloadKVModule.forRoot({ cache, isGlobal: true })],
      controllers: [Routes, WholeController],
    })
    class Root {}
    running = await start(Root);
  });

  afterAll(async () => {
    await running?.close();
    await cache?.close();
  });

  afterEach(() => {
    runs.clear();
    running.said.length = 0;
    failing = false;
    return cache.clear();
  });

  /** Asks twice, and says how often the handler ran. */
  async function twice(path: string, name: string, headers?: Record<string, string>): Promise<number> {
    const first = await running.get(path, headers);
    const second = await running.get(path, headers);
    expect(second.status).toBe(first.status);
    return runs.get(name) ?? 0;
  }

  describe('what an answer is found by', () => {
    test.each([
      'null',
      'undefined',
      'empty',
      'observable',
      'false',
      'zero',
      'text',
      'date',
      'bytes',
      'plain',
    ])('a value of %s is kept, and sent as it was', async (kind) => {
      const path = `/values/${kind}`;
      const [first, second] = [await running.get(path), await running.get(path)];
      expect(runs.get(`values ${kind}`)).toBe(1);
      expect(second.body).toEqual(first.body);
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    });

    test('the query, in whatever order its names stand, and however they are written', async () => {
      const { body } = await running.get('/query?a=1&b=x%20y');
      expect((await running.get('/query?b=x+y&a=1')).body).toEqual(body);
      expect(runs.get('query')).toBe(1);
    });

    test.each([
      ['/query?a=1&a=2', '/query?a=2&a=1'],
      ['/query?a=1', '/query?a=01'],
      ['/query?a', '/query?a='],
      ['/query?a=%FF', '/query?a=%FE'],
      ['/query?a=1%26b', '/query?a=1&b'],
    ])('%s is not %s', async (one, other) => {
      await running.get(one);
      await running.get(other);
      expect(runs.get('query')).toBe(2);
    });

    test('the host, as the client and as a proxy names it', async () => {
      const { port } = new URL(running.url);
      const hosts: Record<string, string>[] = [
        {},
        { 'x-forwarded-host': 'evil.example' },
        { 'x-forwarded-proto': 'https' },
      ];
      for (const headers of hosts) await running.get('/host', headers);
      expect(runs.get('host')).toBe(3);
      const local = await fetch(`http://localhost:${port}/host`).catch(() => undefined);
      if (local) expect(await local.json()).toMatchObject({ run: 4, hostname: 'localhost' });
    });

    test('only what reads, and has no body', async () => {
      for (let time = 0; time < 2; time++) await fetch(`${running.url}/head`, { method: 'HEAD' });
      expect(runs.get('head')).toBe(1);
      for (let time = 0; time < 2; time++) await fetch(`${running.url}/query`, { method: 'POST' });
      expect(runs.get('post')).toBe(2);
    });

    test('a method of a controller whose answers are all kept, but those that say otherwise', async () => {
      expect(await twice('/class/one', 'class one')).toBe(1);
      expect(await twice('/class/off', 'class off')).toBe(2);
      expect(await twice('/plain', 'plain')).toBe(2);
      for (let time = 0; time < 2; time++) await fetch(`${running.url}/class/one`, { method: 'POST' });
      expect(runs.get('class write')).toBe(2);
    });

    test('a part, and what somebody will have nowhere stored, are passed on', async () => {
      expect(await twice('/query', 'query', { range: 'bytes=0-1' })).toBe(2);
      expect(await twice('/query', 'query', { 'cache-control': 'no-store' })).toBe(4);
      expect(await twice('/query', 'query', { 'x-http-method-override': 'DELETE' })).toBe(6);
    });
  });

  describe('whose an answer is', () => {
    test('who has signed in is answered by the handler, unless the route tells them apart', async () => {
      const ada = { authorization: 'Bearer ada' };
      await running.get('/me');
      expect((await running.get('/me', ada)).body).toEqual({ run: 2, user: { id: 'ada', tenant: 'a' } });
      expect((await running.get('/me', ada)).body).toMatchObject({ run: 3 });
      expect((await running.get('/me')).body).toEqual({ run: 1, user: null });
    });

    test.each([[{ cookie: 'sid=1' }], [{ authorization: 'Basic YTpi' }], [{ 'x-api-key': 'a' }]])(
      'credentials are not for everybody: %o',
      async (headers) => {
        expect(await twice('/me', 'me', headers as never)).toBe(2);
      },
    );

    test('each has their own where the route says by what', async () => {
      const [ada, bob] = [{ authorization: 'Bearer ada' }, { authorization: 'Bearer bob' }];
      for (const headers of [ada, bob, {}, ada, bob, {}]) await running.get('/told', headers as never);
      expect(runs.get('told')).toBe(3);
      expect((await running.get('/told', ada)).body.user.id).toBe('ada');
      expect((await running.get('/told', bob)).body.user.id).toBe('bob');
      expect((await running.get('/told')).body.user).toBe(null);
      expect(await twice('/not-told', 'not-told')).toBe(2);
    });

    test("what is everybody's is, and guards run all the same", async () => {
      expect(await twice('/everybodys', 'everybodys', { authorization: 'Bearer ada' })).toBe(1);
      await running.get('/everybodys', { cookie: 'sid=1' });
      expect(runs.get('everybodys')).toBe(1);
      expect((await running.get('/everybodys', { authorization: 'Bearer banned' })).status).toBe(403);
    });

    test('cookies and headers of which the route has said what they are', async () => {
      expect(await twice('/harmless', 'harmless', { cookie: '_ga=1; _ga_X=2; theme=dark' })).toBe(1);
      expect(await twice('/harmless', 'harmless', { cookie: '_ga=1; sid=2' })).toBe(3);
      expect(await twice('/harmless', 'harmless', { 'x-ticket': '1' })).toBe(5);
    });

    test('what the handler reads and no key holds is not kept, and is said once', async () => {
      expect(await twice('/header', 'header', { 'x-tenant': 'a' })).toBe(2);
      expect((await running.get('/header', { 'x-tenant': 'b' })).body.tenant).toBe('b');
      const said = 'Routes.header answers is not kept, since it reads the header "x-tenant"';
      // Once for each handler, in a process.
      expect(running.said).toEqual(platform === 'express' ? [expect.stringContaining(said)] : []);
      expect(await twice('/all-headers', 'all-headers')).toBe(2);
      expect(await twice('/ip', 'ip')).toBe(2);
    });

    test('a header that is listed sets answers apart', async () => {
      for (const tenant of ['a', 'b', 'a', 'b']) {
        const { body } = await running.get('/listed-header', { 'x-tenant': tenant });
        expect(body.tenant).toBe(tenant);
      }
      expect(runs.get('listed-header')).toBe(2);
    });
  });

  describe('what is kept', () => {
    test('an error is not', async () => {
      expect((await running.get('/missing')).body.message).toBe('run 1');
      expect((await running.get('/missing')).body).toMatchObject({ message: 'run 2', statusCode: 404 });
    });

    test("an error of the server's is stood in for by an old answer, and one that is an answer is not", async () => {
      await running.get('/failing');
      await running.get('/gone');
      await cache.settle();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      failing = true;
      expect(await running.get('/failing')).toMatchObject({ status: 200, body: { run: 1 } });
      expect(await running.get('/gone')).toMatchObject({ status: 404 });
      expect(runs.get('failing')).toBe(2);
    });

    test('a stream is not, nor what answers by itself, nor events', async () => {
      expect((await running.get('/file')).body).toBe('run 1');
      expect((await running.get('/file')).body).toBe('run 2');
      expect((await running.get('/res')).body).toEqual({ run: 1 });
      expect((await running.get('/res')).body).toEqual({ run: 2 });
      expect((await running.get('/events')).body).toContain('"run":1');
      expect((await running.get('/events')).body).toContain('"run":2');
    });

    test.each(['header', 'status', 'cookie'])('what sets a %s of its response is not', async (what) => {
      expect(await twice(`/passthrough?set=${what}`, 'passthrough')).toBe(2);
    });

    test('what could set something of its response, and does not, is', async () => {
      expect(await twice('/passthrough', 'passthrough')).toBe(1);
    });

    test('what decorators say of a response holds for one from the cache', async () => {
      await running.get('/redirect');
      const { status, headers } = await running.get('/redirect');
      expect([status, headers.get('location'), runs.get('redirect')]).toEqual([302, '/to/1', 1]);
      await running.get('/decorated');
      const decorated = await running.get('/decorated');
      expect([decorated.status, decorated.headers.get('x-fixed'), decorated.body]).toEqual([
        203,
        'yes',
        { run: 1 },
      ]);
    });

    test('an instance of a class is not: nothing could make another of it', async () => {
      expect(await twice('/person', 'person')).toBe(2);
    });

    test('of an interceptor that is around it a header holds, and what it makes of an answer', async () => {
      // Those that stand below CacheRoute are around it, as Nest has them.
      const [first, second] = [await running.get('/inner'), await running.get('/inner')];
      expect(second.body).toEqual(first.body);
      expect(second.headers.get('x-stamp')).toBe('1');
    });

    test('one computation for many who ask at once', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => running.get('/values/many')));
      expect(runs.get('values many')).toBe(1);
      for (const { body } of answers) expect(body).toEqual({ kind: 'many' });
    });

    test('it is made stale by a tag, by its namespace, and whole', async () => {
      for (const id of ['1', '2']) await running.get(`/tagged/${id}`);
      await cache.invalidate({ tags: ['item 1'] });
      for (const id of ['1', '2']) await running.get(`/tagged/${id}`);
      expect([runs.get('tagged 1'), runs.get('tagged 2')]).toEqual([2, 1]);
      await cache.deleteNamespace('tagged');
      for (const id of ['1', '2']) await running.get(`/tagged/${id}`);
      expect([runs.get('tagged 1'), runs.get('tagged 2')]).toEqual([3, 2]);
    });

    test('a route of a cache that nobody has registered says so', async () => {
      expect((await running.get('/elsewhere')).status).toBe(500);
      expect(running.said.join()).toContain(
        'No module of the application has registered a cache of the name "nowhere"',
      );
    });
  });

  test.each(['rpc', 'ws', 'graphql'])('what is asked by %s passes through', async (type) => {
    // What it is told looks like a request, as the connection of a WebSocket may.
    const told = { method: 'GET', url: '/one', headers: {} };
    const { app } = running;
    const interceptor = new CacheInterceptor(app.get(Reflector), app.get(ModuleRef));
    for (let time = 0; time < 2; time++) {
      const context = new ExecutionContextHost([told, {}], WholeController, WholeController.prototype.one);
      context.setType(type);
      const answer = await interceptor.intercept(context, { handle: () => of(run('passed')) });
      expect(await lastValueFrom(answer)).toBe(time + 1);
    }
  });
});

test('around all other interceptors it keeps what those have made of an answer', async () => {
  const mine = createCache({ store: memory() });
  @Controller()
  @UseInterceptors(Serializer)
  class People {
    @Get('person')
    @CacheRoute()
    person() {
      return new Person(`run ${run('outer person')}`);
    }
  }
  @Module({
    imports: [PayloadKVModule.forRoot({ cache: mine })],
    controllers: [People],
    providers: [{ provide: APP_INTERCEPTOR, useClass: CacheInterceptor }],
  })
  class Root {}
  const own = await startApplication(Root);
  try {
    expect((await own.get('/person')).body).toEqual({ name: 'run 1' });
    expect((await own.get('/person')).body).toEqual({ name: 'run 1' });
  } finally {
    await own.close();
    await mine.close();
  }
});

/** One's answer to another, by ways that a route's key might not hold. */
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  Param,
  Query,
  Req,
  Res,
  Scope,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import { APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { map } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { memory } from '../../src/runtime/index.js';
import { CacheRoute, PayloadKVModule, RequestCache } from '../../src/runtime/nestjs.js';
import { type RunningApplication, startApplication } from './application.js';

const caches: StandaloneCache[] = [];
const applications: RunningApplication[] = [];

afterEach(async () => {
  for (const each of applications.splice(0)) await each.close();
  for (const each of caches.splice(0)) await each.close();
});

async function start(
  parts: Pick<NonNullable<Parameters<typeof Module>[0]>, 'controllers' | 'providers'>,
  configure: (app: NestExpressApplication) => void = () => undefined,
): Promise<RunningApplication> {
  const cache = createCache({ store: memory() });
  caches.push(cache);
  @Module({ imports: [PayloadKVModule.forRoot({ cache, isGlobal: true })], ...parts })
  class Root {}
  const running = await startApplication(Root, configure);
  applications.push(running);
  return running;
}

/** A controller of the same names in each version, as those of `v1/` and `v2/` are. */
function ofVersion(version: string) {
  @Controller({ path: 'posts', version })
  class PostsController {
    @Get()
    @CacheRoute()
    list() {
      return { version };
    }
  }
  return PostsController;
}

describe('what an answer is found by', () => {
  test.each([
    [
      'a header',
      { type: VersioningType.HEADER, header: 'x-version' } as const,
      { 'x-version': '2' },
      { 'x-version': '1' },
    ],
    [
      'a media type',
      { type: VersioningType.MEDIA_TYPE, key: 'v=' } as const,
      { accept: 'application/json;v=2' },
      { accept: 'application/json;v=1' },
    ],
  ])('the version of a controller, which %s tells', async (_how, versioning, two, one) => {
    const running = await start({ controllers: [ofVersion('1'), ofVersion('2')] }, (app) => {
      app.enableVersioning(versioning);
    });
    expect((await running.get('/posts', one)).body).toEqual({ version: '1' });
    expect((await running.get('/posts', two)).body).toEqual({ version: '2' });
  });

  test('the address that middleware has made of it', async () => {
    @Controller()
    class Pages {
      @Get(':language/page')
      @CacheRoute()
      page(@Param('language') language: string) {
        return { language };
      }
    }
    const running = await start({ controllers: [Pages] }, (app) => {
      app.use((request: Request, _response: Response, next: () => void) => {
        request.url = `/${request.headers['accept-language']}${request.url}`;
        next();
      });
    });
    expect((await running.get('/page', { 'accept-language': 'de' })).body).toEqual({ language: 'de' });
    expect((await running.get('/page', { 'accept-language': 'fr' })).body).toEqual({ language: 'fr' });
  });

  test.each(['simple', 'extended'])('a query as a parser that is %s reads it', async (parser) => {
    @Controller()
    class Queries {
      @Get()
      @CacheRoute()
      query(@Query() query: object) {
        return query;
      }
      @Get('plain')
      plain(@Query() query: object) {
        return query;
      }
    }
    const running = await start({ controllers: [Queries] }, (app) => {
      app.set('query parser', parser);
    });
    const many = Array.from({ length: 1_000 }, (_, index) => `n${index}=1`).join('&');
    const queries = [
      'a=%ZZ',
      'a=%00%25ZZ',
      'a=%2525',
      'a=%25',
      '[a]=1&a=2',
      'a=2&[a]=1',
      'a[b]=1&a[c]=2',
      'a[c]=2&a[b]=1',
      'a%5Bb%5D=1',
      'a%255Bb%255D=1',
      'a.b=1&a=2',
      'a=2&a.b=1',
      '__proto__[x]=1',
      'a=1;b=2',
      'a=1%3Bb=2',
      'a&b',
      'b&a=',
      '=1',
      '&&a=1',
      `a=1&${many}`,
      `${many}&a=1`,
    ];
    const sorted = (value: any) => Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    for (const query of queries) {
      const plain = await running.get(`/plain?${query}`);
      expect(sorted((await running.get(`/?${query}`)).body), query).toEqual(sorted(plain.body));
    }
  });
});

@Injectable()
class TenantGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest();
    const tenant = request.headers['x-tenant'];
    request.tenant = tenant;
    request.context = { tenant };
    http.getResponse().locals.tenant = tenant;
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly name: unknown;
  constructor(@Inject(REQUEST) request: Request) {
    this.name = request.headers['x-tenant'];
  }
}

@Injectable()
class Tenants {
  constructor(@Inject(Tenant) readonly tenant: Tenant) {}
}

const told = { vary: (request: any) => [request.tenant] };

@Controller('guarded')
@UseGuards(TenantGuard)
class Guarded {
  @Get('own')
  @CacheRoute()
  own(@Req() request: any) {
    return { tenant: request.tenant };
  }
  @Get('nested')
  @CacheRoute()
  nested(@Req() request: any) {
    return { tenant: request.context.tenant };
  }
  @Get('spread')
  @CacheRoute()
  spread(@Req() request: any) {
    return { tenant: { ...request }.tenant };
  }
  @Get('locals')
  @CacheRoute()
  locals(@Res({ passthrough: true }) response: Response) {
    return { tenant: response.locals.tenant };
  }
  @Get('port')
  @CacheRoute()
  port(@Req() request: Request) {
    return { tenant: request.headers.connection, port: request.socket.remotePort };
  }
  @Get('kept')
  @CacheRoute()
  kept(@Req() request: Request) {
    return { time: performance.now(), path: request.path, secure: request.secure, query: request.query };
  }
  @Get('told')
  @CacheRoute(told)
  told(@Req() request: any) {
    return { tenant: request.tenant, time: performance.now() };
  }
}

@Controller('scoped')
class Scoped {
  constructor(@Inject(Tenants) private readonly tenants: Tenants) {}
  @Get()
  @CacheRoute()
  one() {
    return { tenant: this.tenants.tenant.name };
  }
  @Get('told')
  @CacheRoute({ vary: ({ headers }: any) => [headers['x-tenant']] })
  told() {
    return { tenant: this.tenants.tenant.name, time: performance.now() };
  }
}

@Controller('once')
class Once {
  constructor(@Inject(RequestCache) private readonly request: RequestCache) {}
  @Get()
  @CacheRoute()
  one() {
    return this.request.once('time', () => ({ time: performance.now() }));
  }
}

describe('what guards have made of a request', () => {
  let running: RunningApplication;
  beforeAll(async () => {
    running = await start({ controllers: [Guarded, Scoped, Once], providers: [Tenant, Tenants] });
    // They are of all these tests.
    [applications.length, caches.length] = [0, 0];
  });
  afterAll(() => running?.close());

  test.each([
    'guarded/own',
    'guarded/nested',
    'guarded/spread',
    'guarded/locals',
    'scoped',
    'guarded/told',
    'scoped/told',
  ])('%s is not for another', async (path) => {
    for (const tenant of ['a', 'b'])
      expect((await running.get(`/${path}`, { 'x-tenant': tenant })).body).toMatchObject({ tenant });
  });

  test.each(['guarded/kept', 'guarded/told', 'scoped/told', 'once'])('%s is kept', async (path) => {
    const { body } = await running.get(`/${path}`, { 'x-tenant': 'c' });
    expect((await running.get(`/${path}`, { 'x-tenant': 'c' })).body).toEqual(body);
  });

  test("the visitor's address is not for another", async () => {
    const ports = new Set<number>();
    for (let time = 0; time < 3; time++)
      ports.add((await running.get('/guarded/port', { connection: 'close' })).body.port);
    expect(ports.size).toBe(3);
  });

  test.each([
    'x-ms-client-principal',
    'x-ms-client-principal-id',
    'x-goog-authenticated-user-email',
    'x-forwarded-client-cert',
    'remote-user',
    'x-forwarded-preferred-username',
    'x-amzn-oidc-identity',
    'tailscale-user-login',
  ])('%s signs somebody in', async (name) => {
    const { body } = await running.get('/guarded/kept');
    expect((await running.get('/guarded/kept', { [name]: 'ada' })).body).not.toEqual(body);
  });
});

describe('what is kept', () => {
  let time = 0;
  let delay = 0;

  @Controller()
  class Kept {
    @Get('swr')
    @CacheRoute({ ttl: '1s', swr: '1h' })
    async swr() {
      await new Promise((resolve) => setTimeout(resolve, delay));
      return { time: ++time };
    }
    @Get('slow')
    @CacheRoute()
    async slow() {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { nested: { list: [] as string[] } };
    }
    @Get('template')
    @CacheRoute()
    template(@Res({ passthrough: true }) response: Response) {
      response.locals.title = 'a';
      return { time: ++time };
    }
    @Get('value/:kind')
    @CacheRoute()
    value(@Param('kind') kind: string) {
      return values[kind]?.();
    }
  }
  const values: Record<string, () => unknown> = {
    map: () => new Map([['a', 1]]),
    set: () => ({ set: new Set([1]) }),
    bytes: () => ({ bytes: new Uint8Array([1, 2]), buffer: Buffer.from('ab') }),
    holes: () => Object.assign(new Array(3), { 0: 1, 2: 3 }),
    numbers: () => [Number.NaN, -0, Number.POSITIVE_INFINITY],
    hidden: () => Object.defineProperty({ a: 1 }, 'b', { value: 2, enumerable: false }),
    getter: () => ({
      get a() {
        return 1;
      },
    }),
    json: () => ({ a: 1, toJSON: () => 'mine' }),
    bare: () => Object.assign(Object.create(null), { a: 1 }),
    proto: () => JSON.parse('{"__proto__": {"a": 1}}'),
    error: () => new Error('a'),
    date: () => ({ date: new Date(0), wrong: new Date(Number.NaN) }),
    symbol: () => ({ [Symbol('a')]: 1, b: undefined }),
    list: () => Object.assign([1], { a: 1 }),
    boxed: () => ({ a: Object('text'), b: Object(1) }),
    pattern: () => ({ a: /x/g, url: new URL('http://a.example') }),
    text: () => '\ud800"\u2028',
  };

  test.each(Object.keys(values))('a value of %s is sent from the cache as it was', async (kind) => {
    const running = await start({ controllers: [Kept] });
    const [first, second] = [await running.get(`/value/${kind}`), await running.get(`/value/${kind}`)];
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
  });

  test('an answer that is made anew behind an old one, which has been sent meanwhile', async () => {
    const running = await start({ controllers: [Kept] });
    expect((await running.get('/swr')).body).toEqual({ time: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    delay = 100;
    expect((await running.get('/swr')).body).toEqual({ time: 1 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await running.get('/swr')).body).toEqual({ time: 2 });
    expect(running.said).toEqual([]);
  });

  test('what an interceptor makes of one answer is of that alone', async () => {
    @Injectable()
    class Own implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler) {
        const name = context.switchToHttp().getRequest().query.name ?? 'x';
        const who = context.switchToHttp().getRequest().headers['user-agent'];
        return next.handle().pipe(
          map((value) => {
            value.nested.list.push(`${name} ${who}`);
            return value;
          }),
        );
      }
    }
    const running = await start({
      controllers: [Kept],
      providers: [{ provide: APP_INTERCEPTOR, useClass: Own }],
    });
    const names = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(names.map((name) => running.get('/slow', { 'user-agent': name })));
    for (const [index, { body }] of answers.entries())
      expect(body.nested.list).toEqual([`x ${names[index]}`]);
    expect((await running.get('/slow', { 'user-agent': 'e' })).body.nested.list).toEqual(['x e']);
  });

  test('not what a handler has left to a template', async () => {
    const running = await start({ controllers: [Kept] });
    const { body } = await running.get('/template');
    expect((await running.get('/template')).body).not.toEqual(body);
  });

  test('requests that run when the application closes are answered', async () => {
    const running = await start({ controllers: [Kept] });
    applications.length = 0;
    const answer = running.get('/slow');
    await new Promise((resolve) => setTimeout(resolve, 30));
    const closing = running.close();
    expect((await answer).status).toBe(200);
    await closing;
  });
});

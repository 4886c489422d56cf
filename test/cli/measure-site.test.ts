import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { command, createProject, type Project } from './command.js';

let project: Project;
let server: Server | undefined;
beforeEach(async () => {
  project = await createProject();
  await command(['init', '--yes', '--no-install', '--cwd', project.dir]);
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  await project.remove();
});

async function serve(handle: RequestListener): Promise<string> {
  server = createServer(handle);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const measure = async (url: string, ...args: string[]) => {
  const outcome = await command(['measure', '--url', url, '--cwd', project.dir, ...args]);
  const json = args.includes('--json') ? JSON.parse(outcome.stdout) : undefined;
  return { ...outcome, json };
};
const codeOf = async (url: string) => {
  const { exitCode, json } = await measure(url, '--json');
  return [exitCode, json.error.code, json.error.message];
};
const DOCS = [{ id: 5, title: 'what nobody is told' }, { id: 'a/b' }];

/** A site whose answers are slow the first time; what was asked is noted. */
function site(asked: string[], status: Record<string, number> = {}): RequestListener {
  return async ({ url = '' }, response) => {
    const slug = /^\/api\/(\w+)/.exec(url)?.[1] ?? '';
    if (!asked.includes(url)) await sleep(60);
    asked.push(url);
    response.writeHead(status[slug] ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(slug === 'pages' ? { docs: [] } : { docs: DOCS }));
  };
}

test('the first answer to a query that nobody has asked is compared with the same asked again', async () => {
  const asked: string[] = [];
  const url = await serve(site(asked));
  const { exitCode, json, stdout } = await measure(url, '--json');
  expect(exitCode).toBe(0);
  expect(json).toMatchObject({ command: 'measure', ok: true, source: 'site', api: `${url}/api` });
  expect(json.collections.map(({ slug, status }: any) => [slug, status])).toEqual([
    ['pages', 'empty'],
    ['posts', 'measured'],
  ]);
  const [find, findByID] = json.collections[1].queries;
  expect(find).toMatchObject({ query: 'find', documents: 2, samples: 5 });
  expect(find).not.toHaveProperty('calls');
  expect(find.ms.without).toBeGreaterThanOrEqual(55);
  expect(find.ms.with).toBeLessThan(find.ms.without);
  expect(findByID).toMatchObject({ query: 'findByID', samples: 2 });
  expect(stdout).not.toContain('what nobody is told');
  expect(asked.filter((it) => it === '/api/posts/a%2Fb')).toHaveLength(2);
  const again: string[] = [];
  server!.removeAllListeners('request').on('request', site(again));
  await measure(url);
  const lists = (all: string[]) => all.filter((it) => it.includes('createdAt'));
  expect(lists(again).some((it) => asked.includes(it))).toBe(false);
  expect(lists(again).length).toBeGreaterThanOrEqual(10);
});

test('a collection that only others may read is skipped, and that is said', async () => {
  const url = await serve(site([], { posts: 403 }));
  const { exitCode, stdout } = await measure(url);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('  posts: skipped, only who is logged in may read it\n');
  expect(stdout).toContain('  pages: no documents\n');
  expect(stdout).toContain('no cached collection has documents that everybody may read.');
});

test('where there is no date of creation to ask by, it asks for another number of documents', async () => {
  const asked: string[] = [];
  const handle = site(asked);
  const url = await serve((request, response) => {
    if (!request.url!.includes('createdAt')) return handle(request, response);
    response.writeHead(400).end('{"errors":[]}');
  });
  expect((await measure(url, '--json')).json.ok).toBe(true);
  expect(asked).toEqual(expect.arrayContaining(['/api/posts?limit=11', '/api/posts?limit=15']));
});

describe('an answer that is no document is not measured', () => {
  /** A site whose answer to an address is the first whose pattern it matches. */
  const answering = (answers: [pattern: RegExp, status: number, body: unknown][]) =>
    serve(({ url = '' }, response) => {
      const [, status, body] = answers.find(([pattern]) => pattern.test(url)) ?? [url, 200, { docs: [] }];
      response.writeHead(status!).end(JSON.stringify(body));
    });
  const ofPosts = async (answers: [RegExp, number, unknown][]) => {
    const { json } = await measure(await answering(answers), '--json');
    return json.collections.find(({ slug }: any) => slug === 'posts');
  };
  const LIST: [RegExp, number, unknown] = [/posts\?/, 200, { docs: [{ id: 1 }, { id: 2 }] }];

  test.each([403, 404, 500])('single documents that are answered with %d', async (status) => {
    const posts = await ofPosts([[/posts\/\d/, status, { errors: [] }], LIST]);
    expect(posts).toMatchObject({
      status: 'measured',
      queries: [{ query: 'find', samples: 5 }],
      refused: [{ query: 'findByID', httpStatus: status }],
    });
    expect(posts.queries).toHaveLength(1);
    const { stdout } = await measure(await answering([[/posts\/\d/, status, { errors: [] }], LIST]));
    expect(stdout).toContain(
      `  posts by id: skipped, ${status === 403 ? 'only who is logged in may read it' : `the site answers ${status}`}\n`,
    );
  });

  test('lists that are answered with an error later', async () => {
    let lists = 0;
    const url = await serve(({ url: asked = '' }, response) => {
      const isLater = /posts\?/.test(asked) && ++lists > 4;
      response.writeHead(isLater ? 500 : 200).end(JSON.stringify(isLater ? {} : { docs: [{ id: 1 }] }));
    });
    const { collections } = (await measure(url, '--json')).json;
    expect(collections.find(({ slug }: any) => slug === 'posts')).toMatchObject({
      queries: [{ query: 'findByID' }],
      refused: [{ query: 'find', httpStatus: 500 }],
    });
  });

  test('a collection of which nothing could be measured', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked += 1;
      response.writeHead(asked > 2 ? 429 : 200).end(JSON.stringify({ docs: asked > 2 ? [] : [{ id: 1 }] }));
    });
    const { exitCode, json } = await measure(url, '--json');
    expect(exitCode).toBe(1);
    expect(json.collections.map(({ status, httpStatus }: any) => [status, httpStatus])).toEqual([
      ['refused', 429],
      ['refused', 429],
    ]);
  });

  test.each<[string, unknown[]]>([
    ['no id', [{ title: 'x' }]],
    ['an object for an id', [{ id: { $oid: '1' } }]],
    ['an id that is a way in the address', [{ id: '..' }, { id: '.' }, { id: '' }]],
  ])('documents with %s are asked for in lists alone', async (_name, docs) => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url!);
      response.end(JSON.stringify({ docs }));
    });
    const { collections } = (await measure(url, '--json')).json;
    expect(collections[1].queries.map(({ query }: any) => query)).toEqual(['find']);
    expect(asked.filter((it) => !/^\/api\/(?:pages|posts)\?/.test(it))).toEqual([]);
  });

  test.each([[[null]], [['x']], [[5]]])('a list of %j is none of documents', async (docs) => {
    const url = await serve((_request, response) => response.end(JSON.stringify({ docs })));
    expect(await codeOf(url)).toEqual([
      2,
      'MEASURE_NO_API',
      expect.stringContaining('has `docs` that are none.'),
    ]);
  });
});

describe('what is no site of Payload has a code and a next step', () => {
  test('where nobody answers', async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => server!.close(resolve));
    server = undefined;
    expect(await codeOf(url)).toEqual([2, 'MEASURE_UNREACHABLE', `${url} does not answer (ECONNREFUSED).`]);
    expect((await measure(url)).stderr).toContain('→ Start the site, or leave --url out');
  });

  test.each<[string, number, Record<string, string>, string, string]>([
    ['a page', 200, {}, '<!doctype html>', 'it answers a page instead of JSON, with 200'],
    ['text', 500, {}, 'oops', 'it answers text instead of JSON, with 500'],
    ['JSON of another', 200, {}, '{"ok":true}', 'its answer for pages has no `docs`'],
    ['a redirection', 302, { location: '/login' }, '', 'it redirects to /login'],
    ['404 for everything', 404, {}, '{}', 'it answers 404 to every collection'],
  ])('where it answers with %s', async (_, status, headers, body, what) => {
    const url = await serve((_request, response) => response.writeHead(status, headers).end(body));
    expect(await codeOf(url)).toEqual([
      2,
      'MEASURE_NO_API',
      `There is no REST API of Payload at ${url}/api: ${what}.`,
    ]);
  });

  test('its path is that of --url', async () => {
    const paths: string[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url!);
      response.end('{"docs":[]}');
    });
    await measure(`${url}/cms/api/`);
    expect(paths).toEqual(['/cms/api/pages?limit=10', '/cms/api/posts?limit=10']);
  });

  test.each([
    ['https://me:s3cr3t@elsewhere.example/login?token=t0ken#x', 'https://elsewhere.example/login'],
    ['/login?next=%2F', '/login'],
    ['//me:s3cr3t@elsewhere.example', 'http://elsewhere.example/'],
    ['http://[', 'elsewhere'],
  ])('a redirection to %s is shown without what may be secret', async (location, shown) => {
    const url = await serve((_request, response) => response.writeHead(302, { location }).end());
    expect((await codeOf(url))[2]).toMatch(`it redirects to ${shown}.`);
  });

  test('a redirection to nowhere', async () => {
    const url = await serve((_request, response) => response.writeHead(302).end());
    expect((await codeOf(url))[2]).toMatch('it redirects to elsewhere.');
  });

  test('an answer that has no end is not read to its end', async () => {
    const piece = Buffer.alloc(1 << 20, 32);
    let sent = 0;
    const url = await serve((_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (sent < 1000) {
          sent += 1;
          if (!response.write(piece)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    expect((await codeOf(url)).slice(1)).toEqual([
      'MEASURE_NO_API',
      expect.stringContaining('it answers with more than 32 MB'),
    ]);
    expect(sent).toBeLessThan(500);
  });

  test('a certificate that is not trusted here', async () => {
    const reject = Object.assign(new TypeError('fetch failed'), {
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(reject);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const { stderr } = await measure('https://localhost:1');
    expect(stderr).toContain(
      'https://localhost:1 has a certificate that is not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT).',
    );
    expect(stderr).toContain('→ Name the authority of the certificate with NODE_EXTRA_CA_CERTS=<file>');
    expect(stderr).not.toContain('Start the site');
  });

  test('https where http is spoken', async () => {
    const url = await serve((_request, response) => response.end('{}'));
    const { stderr } = await measure(url.replace('http:', 'https:'));
    expect(stderr).toContain(`${url.replace('http:', 'https:')} speaks no TLS`);
    expect(stderr).toContain(`→ Ask it by http: --url ${url}`);
  });

  test('a user name and a password of --url are sent and not shown', async () => {
    const heard: (string | undefined)[] = [];
    const url = await serve(({ headers }, response) => {
      heard.push(headers.authorization);
      response.end('{"docs":[]}');
    });
    const { stdout, stderr } = await measure(url.replace('://', '://me:s3%40cr3t@'));
    expect(heard).toEqual(heard.map(() => `Basic ${Buffer.from('me:s3@cr3t').toString('base64')}`));
    expect(heard.length).toBeGreaterThan(0);
    expect(stdout + stderr).not.toMatch(/s3(?:@|%40)cr3t/);
    await measure(url);
    expect(heard.at(-1)).toBeUndefined();
  });

  test('a query of --url is refused: it would not be sent', async () => {
    expect(await codeOf('http://localhost:1/api?token=t0ken')).toEqual([
      2,
      'USAGE',
      '--url: the query of `http://localhost:1/api` cannot be sent.',
    ]);
  });

  test.each([
    ['ftp://me:s3cr3t@localhost/x?token=s3cr3t', 'ftp://localhost/x'],
    ['http://me:s3cr3t@:99999', 'http://:99999'],
    ['http://me:s3cr3t?s3cr3t@host:99999', 'http://host:99999'],
    ['me:s3cr3t@localhost', 'localhost'],
  ])('%s is no address, and is shown without what may be secret', async (url, shown) => {
    expect(await codeOf(url)).toEqual([2, 'USAGE', `--url: \`${shown}\` is no address of a site.`]);
  });

  test.each(['localhost:3000', 'file:///etc', 'nonsense'])('%s is no address', async (url) => {
    expect((await codeOf(url)).slice(0, 2)).toEqual([2, 'USAGE']);
  });

  test('without a cache in the project nobody is asked', async () => {
    const bare = await createProject();
    const { exitCode, stderr } = await command(['measure', '--url', 'http://127.0.0.1:1', '--cwd', bare.dir]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('[MEASURE_NO_CACHE]')]);
    await bare.remove();
  });
});

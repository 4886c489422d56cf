import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../../src/runtime/index.js';
import { ENDPOINT, SIGNATURE, verified } from '../../../src/runtime/next/signed-request.js';
import { nextPages } from '../../../src/runtime/next.js';
import { type Started, startBlog } from '../../support/payload.js';
import { collectLog } from '../logged.js';

// No Next runs here: all goes by request.

let server: Server;
let url: string;
let blog: Started;
let statuses: number[];
let requests: { path: string | undefined; body: string; signature: string }[];
const log = collectLog();

beforeEach(async () => {
  [statuses, requests] = [[], []];
  server = createServer(async (request, response) => {
    requests.push({
      path: request.url,
      body: await text(request),
      signature: String(request.headers[SIGNATURE]),
    });
    response.writeHead(statuses.shift() ?? 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await blog.stop();
  server.close();
  log.clear();
});

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

async function start(address: string | undefined): Promise<void> {
  const pages = nextPages({ revalidate: 'push', url: address });
  blog = await startBlog({
    seed: 3,
    plugins: [payloadKV({ store: memory(), pages })],
    configure: log.configure,
  });
  await settleCache(blog.payload, 30_000);
  requests = [];
  log.clear();
}

async function rename(): Promise<string | number> {
  const { docs } = await blog.payload.find({ collection: 'posts', limit: 1 });
  const { id } = docs[0]!;
  await blog.payload.update({ collection: 'posts', id, data: { title: 'New' } });
  await settleCache(blog.payload, 30_000);
  return id;
}

test('The site is told of the tags of a write, in few requests, signed', async () => {
  await start(`${url}/`);
  const id = await rename();
  expect(requests.length).toBeGreaterThan(0);
  expect(requests.length).toBeLessThanOrEqual(3);
  const told: string[] = [];
  for (const { path, body, signature } of requests) {
    expect(path).toBe(`/api${ENDPOINT}`);
    expect(body).not.toContain(blog.payload.secret);
    told.push(...((await verified(blog.payload.secret, body, signature)) ?? []));
  }
  expect(told).toEqual(expect.arrayContaining(['pkv:posts', `pkv:posts#${id}`, 'pkv:?']));
  expect(told.filter((tag) => tag.startsWith('pkv:@'))).toEqual([]);
  expect(log.lines()).toEqual([]);
});

test('A request is tried again while the site does not answer, each time with another signature', async () => {
  await start(`${url}/below/a/path`);
  statuses = [500, 503];
  await rename();
  expect(requests.length).toBeGreaterThanOrEqual(3);
  expect(requests[0]?.path).toBe(`/below/a/path/api${ENDPOINT}`);
  expect(new Set(requests.map(({ signature }) => signature)).size).toBe(requests.length);
  expect(log.lines()).toEqual([]);
});

test('A site that refuses is not asked again; the log says so once, without a secret, and the write is done', async () => {
  await start(url.replace('//', '//user:hidden@'));
  statuses = Array(20).fill(401);
  const id = await rename();
  await rename();
  expect((await blog.payload.findByID({ collection: 'posts', id })).title).toBe('New');
  expect(log.lines()).toHaveLength(1);
  expect(log.lines()[0]).toMatch(/could not be told of a write \(it answered with status 401\)/);
  expect(log.lines().join()).not.toContain(blog.payload.secret);
  expect(log.lines().join()).not.toContain('hidden');
});

test('An address that nobody knows is told once, with what to do', async () => {
  await start(undefined);
  await rename();
  await rename();
  expect(requests).toEqual([]);
  // Since it started: with what it was seeded.
  expect(log.lines().filter((line) => line.includes('PAYLOAD_KV_SITE_URL')).length).toBeLessThanOrEqual(1);
});

test('A mode that is none is refused', () => {
  expect(() => nextPages({ revalidate: 'pull' as never })).toThrow(/push.*handler/);
});

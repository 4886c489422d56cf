import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { settleCache } from '../../src/runtime/index.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type RestServer, startRest } from '../support/rest.js';
import { type ObservedSite, startObservedSite } from './site.js';

interface Sent {
  event: string;
  data: Record<string, unknown>;
}

/** A stream that is read as far as a test asks. */
interface Reading {
  /** What is sent until the text has come. */
  until(text: string): Promise<Sent[]>;
  /** What is sent until it ends. */
  rest(): Promise<Sent[]>;
  /** All that was sent, as it came. */
  text(): string;
  cancel(): Promise<void>;
}

let clock: Clock;
let site: ObservedSite;
let open: Reading[] = [];

beforeAll(async () => {
  clock = takeClock();
  site = await startObservedSite({ seed: 3 });
});
beforeEach(() => clock.advance(60));
afterEach(async () => {
  for (const stream of open) await stream.cancel().catch(() => undefined);
  open = [];
});
afterAll(async () => {
  await site?.stop();
  clock.stop();
});

function reading(response: Response): Reading {
  const reader = response
    .body!.pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>;
  let text = '';
  let told = 0;
  const take = (): Sent[] => {
    const end = text.lastIndexOf('\n\n') + 2;
    const parts = text.slice(told, end).split('\n\n');
    told = end;
    return parts.flatMap((part) => {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
      return event ? [{ event, data: JSON.parse(data as string) as Sent['data'] }] : [];
    });
  };
  const stream: Reading = {
    async until(wanted) {
      while (!text.slice(told).includes(wanted)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`ended before ${wanted}`);
        text += value;
      }
      return take();
    },
    async rest() {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return take();
        text += value;
      }
    },
    text: () => text,
    cancel: () => reader.cancel(),
  };
  open.push(stream);
  return stream;
}

async function openStream(query = '', init: RequestInit = {}): Promise<Reading> {
  const response = await site.ask(`/events${query}`, { ...init, headers: site.apiKey });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch('text/event-stream');
  const stream = reading(response);
  await stream.until(': open');
  return stream;
}

async function read(slug: string): Promise<void> {
  await site.payload.db.find({ collection: 'posts', where: { slug: { equals: slug } }, limit: 1 });
  await settleCache(site.payload);
}

describe('events', () => {
  test('are sent as they happen, with the shape of the query and none of its values', async () => {
    const stream = await openStream('?types=miss,hit');
    await read('hunter2');
    const [miss] = await stream.until('event: miss');
    await read('hunter2');
    const [hit] = await stream.until('event: hit');
    expect(miss).toEqual({
      event: 'miss',
      data: {
        type: 'miss',
        time: expect.any(Number),
        instance: expect.any(String),
        subject: 'collection',
        name: 'posts',
        operation: 'find',
        duration: expect.any(Number),
        key: expect.stringMatching(/^[\w-]{43}$/),
        shape: 'slug equals, limit 1',
      },
    });
    expect(hit!.data).toMatchObject({ type: 'hit', key: miss!.data.key });
    expect(stream.text()).not.toContain('hunter2');
    expect(stream.text()).not.toContain('event: fill');
  });

  test.each([
    ['?types=hits', 'Is it "hit"?'],
    ['?types=', undefined],
    ['?types=hit,,miss', 'There are: '],
    ['?types=__proto__', 'There are: '],
    ['?profile=', '128 random bits'],
    ['?profile=short', '128 random bits'],
    [`?profile=${'0'.repeat(33)}`, '128 random bits'],
  ])('asked for by %s', async (query, nextStep) => {
    const response = await site.ask(`/events${query}`, { headers: site.apiKey });
    expect(response.status).toBe(nextStep ? 400 : 200);
    if (nextStep)
      expect(((await response.json()) as { error: { nextStep: string } }).error.nextStep).toContain(nextStep);
    else await response.body!.cancel();
  });

  test('are kept up by a comment where nothing happens', async () => {
    const stream = await openStream();
    clock.advance(16);
    expect(await stream.until(': still there')).toEqual([]);
  });

  test('are left out and counted where the reader is too slow', async () => {
    const stream = await openStream('?types=miss,hit');
    const reads = 1_200;
    for (let count = 0; count < reads; count++) {
      await site.payload.db.find({ collection: 'posts', where: { slug: { equals: 'slow' } }, limit: 1 });
    }
    const sent = await stream.until('event: dropped');
    const dropped = sent.find(({ event }) => event === 'dropped')!.data.count as number;
    expect(dropped).toBeGreaterThan(0);
    expect(sent.length - 1 + dropped).toBe(reads);
    await read('slow');
    expect(await stream.until('event: hit')).toEqual([expect.objectContaining({ event: 'hit' })]);
  });

  test('are sent to a bounded number of readers, and those who left are none', async () => {
    const streams: Reading[] = [];
    for (let count = 0; count < 20; count++) streams.push(await openStream());
    expect((await site.ask('/events', { headers: site.apiKey })).status).toBe(429);
    await streams[0]!.cancel();
    await openStream();
    expect((await site.ask('/events', { headers: site.apiKey })).status).toBe(429);
    // They do not read any more, and did not say so.
    clock.advance(61);
    await openStream();
  });

  test('end when the client goes, which its signal tells', async () => {
    const leaving = new AbortController();
    const stream = await openStream('', { signal: leaving.signal });
    leaving.abort();
    expect(await stream.rest()).toEqual([]);
  });

  test('end after a quarter of an hour', async () => {
    const stream = await openStream();
    clock.advance(15 * 60 + 1);
    expect(await stream.rest()).toEqual([]);
  });

  test('end with the instance', async () => {
    const other = await startObservedSite({ seed: 0 });
    const stream = reading(await other.ask('/events', { headers: other.apiKey }));
    await stream.until(': open');
    await other.stop();
    expect(await stream.rest()).toEqual([]);
  });

  test('reach a client over HTTP, and end when its connection does', async () => {
    let closed = (): void => undefined;
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const server = createServer(async (incoming, outgoing) => {
      const response = await site.ask(incoming.url as string, { headers: site.apiKey });
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      const body = Readable.fromWeb(response.body as never);
      body.once('close', closed);
      outgoing.once('close', () => body.destroy());
      body.pipe(outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const leaving = new AbortController();
    const id = 'f'.repeat(32);
    const url = `http://127.0.0.1:${port}/events?profile=${id}`;
    const stream = reading(await fetch(url, { signal: leaving.signal }));
    await stream.until(': open');
    expect((await site.ask(`/events?profile=${id}`, { headers: site.apiKey })).status).toBe(400);
    leaving.abort();
    await isClosed;
    await openStream(`?profile=${id}`);
    server.close();
    server.closeAllConnections();
  });
});

describe('events of a profile', () => {
  const id = '0123456789abcdef0123456789abcdef';
  let rest: RestServer;
  beforeAll(async () => {
    rest = await startRest(site);
  });
  afterAll(() => rest.stop());

  /** All on one connection. */
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const request = (path: string, headers: Record<string, string> = {}): Promise<void> =>
    new Promise((resolve, reject) => {
      get(`${rest.url}${path}`, { agent, headers }, (response) => {
        response.resume();
        response.once('end', resolve);
      }).once('error', reject);
    });

  test('are those of its requests, and tell when each has ended', async () => {
    const stream = await openStream(`?profile=${id}`);
    const profiled = { 'x-payload-kv-profile': id };
    await request('/posts?limit=2&depth=1&secret=hunter2', profiled);
    const sent = await stream.until('event: request');
    const ended = sent.at(-1)!;
    expect(ended).toEqual({
      event: 'request',
      data: {
        time: expect.any(Number),
        request: '1',
        method: 'GET',
        path: '/api/posts',
        status: 200,
        duration: expect.any(Number),
        complete: true,
      },
    });
    const reads = sent.slice(0, -1);
    expect(reads.length).toBeGreaterThan(1);
    expect(reads.every(({ data }) => data.request === '1')).toBe(true);
    expect(new Set(reads.map(({ data }) => data.name))).toEqual(
      new Set(['posts', 'authors', 'categories', 'tags', 'media']),
    );
    expect(stream.text()).not.toContain('hunter2');
  });

  test('are none of others, nor of the next request on the same connection', async () => {
    const stream = await openStream(`?profile=${id}`);
    await request('/categories', { 'x-payload-kv-profile': id });
    await stream.until('event: request');
    await request('/authors');
    await request('/authors', { 'x-payload-kv-profile': 'f'.repeat(32) });
    await site.payload.find({ collection: 'authors' });
    await Promise.all([
      request('/globals/header?depth=0', { 'x-payload-kv-profile': id }),
      site.payload.find({ collection: 'authors' }),
      fetch(`${rest.url}/authors`),
    ]);
    const sent = await stream.until('event: request');
    expect(sent.map(({ data }) => data.name).filter(Boolean)).not.toContain('authors');
    expect(sent.every(({ data }) => data.request === '2')).toBe(true);
  });

  test('are told to nobody who may not ask, whatever the header says', async () => {
    expect((await site.ask(`/events?profile=${id}`)).status).toBe(401);
    expect((await site.ask(`/events?profile=${id}`, { headers: site.customer })).status).toBe(403);
    await request('/posts', { 'x-payload-kv-profile': id });
  });

  test('are told to one at a time', async () => {
    const stream = await openStream(`?profile=${id}`);
    expect((await site.ask(`/events?profile=${id}`, { headers: site.apiKey })).status).toBe(400);
    await stream.cancel();
    await openStream(`?profile=${id}`);
  });
});

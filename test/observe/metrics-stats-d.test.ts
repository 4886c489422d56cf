import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import HotShots from 'hot-shots';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEvents } from '../../src/runtime/events/events.js';
import { dottedName } from '../../src/runtime/metrics/names.js';
import { type StatsDClient, type StatsDOptions, statsD } from '../../src/runtime/metrics.js';
import { METRICS } from '../../src/runtime/observe/metrics.js';
import { observationOf } from '../../src/runtime/observe.js';
import { collectLog } from '../runtime/logged.js';
import { type BusySite, startBusySite } from './busy-site.js';

type StatsD = InstanceType<typeof HotShots>;

/** One line of a datagram. */
interface Told {
  name: string;
  value: number;
  kind: string;
  tags: string[];
}

const logged = collectLog();
const sites: BusySite[] = [];
const clients: StatsD[] = [];
let server: Socket;
let lines: string[];

beforeEach(async () => {
  lines = [];
  server = createSocket('udp4');
  server.on('message', (message) => lines.push(...message.toString().split('\n')));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
  for (const client of clients.splice(0)) client.close(() => undefined);
  server.close();
  logged.clear();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function hotShots(port = server.address().port): StatsD {
  const client = new HotShots({ host: '127.0.0.1', port, maxBufferSize: 1_000, bufferFlushInterval: 20 });
  clients.push(client);
  return client;
}

async function start(options: StatsDOptions): Promise<BusySite> {
  const site = await startBusySite({ readers: [statsD(options)] }, { configure: logged.configure });
  sites.push(site);
  return site;
}

/** All that has come, once the last of it has: a datagram of the loopback comes in order. */
async function told(client: StatsD): Promise<Told[]> {
  client.increment('the end');
  while (!lines.some((line) => line.startsWith('the end'))) await once(server, 'message');
  return lines
    .filter((line) => line !== '' && !line.startsWith('the end'))
    .map((line) => {
      const match = /^([\w.]+):([\d.e-]+)\|(c|g|ms)(?:\|#([^|]*))?$/.exec(line);
      if (!match) throw new Error(`no line of StatsD: ${line}`);
      const [, name = '', value, kind = '', tags = ''] = match;
      return { name, value: Number(value), kind, tags: tags.split(',').filter(Boolean).sort() };
    });
}

const read = ({ payload }: BusySite) => payload.find({ collection: 'posts', depth: 0 });

describe('a client of StatsD', () => {
  test('hot-shots is sent all metrics over UDP: counters and gauges as the statistics have them, each duration', async () => {
    const client = hotShots();
    const site = await start({ client, labels: { site: 'blog' } });
    await site.happenings();
    const statistics = observationOf(site.payload)!.ownStatistics();
    // The last of it is sent when the site ends.
    await sites.pop()?.stop();
    const all = await told(client);
    // A counter that never grew is sent by nobody.
    const expected = METRICS.filter(({ type, read }) =>
      read(statistics).some(({ value }) => type !== 'counter' || value !== 0),
    );
    expect(expected.length).toBeGreaterThan(25);
    expect(new Set(all.map(({ name }) => name))).toEqual(new Set(expected.map(dottedName)));
    expect(all.filter(({ tags }) => !tags.includes('site:blog'))).toEqual([]);
    const sum = (name: string, ...tags: string[]): number =>
      all
        .filter(
          (line) => line.name === name && line.kind === 'c' && tags.every((tag) => line.tags.includes(tag)),
        )
        .reduce((more, { value }) => more + value, 0);
    const { posts } = statistics.counts.collections;
    expect(sum('payload_kv.reads', 'outcome:hit', 'collection:posts')).toBe(posts?.hits);
    expect(sum('payload_kv.reads', 'outcome:miss', 'collection:posts')).toBe(posts?.misses);
    const durations = all.filter(
      ({ name, kind }) => name === 'payload_kv.database_duration' && kind === 'ms',
    );
    expect(durations).toHaveLength(statistics.latency.database.count);
    expect(durations.reduce((more, { value }) => more + value, 0)).toBeCloseTo(
      statistics.latency.database.sum,
      3,
    );
  });

  test('counters are sent as what they have grown by, and once', async () => {
    const client = hotShots();
    const site = await start({ client, every: '1s' });
    await read(site);
    await read(site);
    while (!lines.some((line) => /^payload_kv.reads.*outcome:hit/.test(line))) await once(server, 'message');
    await read(site);
    await sites.pop()?.stop();
    const hits = (await told(client)).filter(
      ({ name, tags }) =>
        name === 'payload_kv.reads' && tags.includes('outcome:hit') && tags.includes('collection:posts'),
    );
    expect(hits.reduce((sum, { value }) => sum + value, 0)).toBe(2);
    expect(hits.length).toBe(2);
  });

  test('a name that would end a tag or a line ends none, whatever the client does about it', async () => {
    const sent: Record<string, string>[] = [];
    const note = (_name: string, _value: number, tags: Record<string, string>) => void sent.push(tags);
    const site = await start({ client: { increment: note, gauge: note, timing: note } });
    await site.happenings();
    await sites.pop()?.stop();
    expect(sent.map(({ collection }) => collection)).toContain('/a "quoted"_name\\ of functions');
    expect(sent.flatMap((tags) => Object.values(tags)).filter((value) => /[|,#\n]/.test(value))).toEqual([]);
  });

  test('where nobody listens the site goes on', async () => {
    const { port } = server.address();
    server.close();
    const site = await start({ client: hotShots(port), every: '1s' });
    expect((await read(site)).docs.length).toBeGreaterThan(0);
    await sites.pop()?.stop();
    server = createSocket('udp4');
  });

  test('a client that throws costs the site a line of its log, and no read', async () => {
    const fail = () => {
      throw new Error('no socket');
    };
    const site = await start({ client: { increment: fail, gauge: fail, timing: fail } });
    expect((await read(site)).docs.length).toBeGreaterThan(0);
    await read(site);
    await sites.pop()?.stop();
    expect(logged.lines()).toEqual([expect.stringMatching(/client of statsD\(\) failed: no socket/)]);
  });

  test('a hot reload sends nothing twice', async () => {
    const client = hotShots();
    const site = await start({ client });
    await read(site);
    await read(site);
    const { db } = site.payload;
    await db.destroy?.();
    await db.init?.();
    await db.connect?.();
    await read(site);
    await read(site);
    await sites.pop()?.stop();
    const hits = (await told(client)).filter(
      ({ name, tags }) =>
        name === 'payload_kv.reads' && tags.includes('outcome:hit') && tags.includes('collection:posts'),
    );
    expect(hits.map(({ value }) => value)).toEqual([1, 1]);
  });

  test('its timer keeps no process alive, and on workerd there is none', async () => {
    const timers = vi.spyOn(globalThis, 'setInterval');
    const sent: string[] = [];
    const note = (name: string) => void sent.push(name);
    const events = createEvents('1', () => undefined);
    const site = await startBusySite({});
    sites.push(site);
    const observation = { ...observationOf(site.payload)!, events };
    const client = { increment: note, gauge: note, timing: note };
    const attach = () => statsD({ client }).attach(site.payload, observation);
    const before = timers.mock.calls.length;
    attach()();
    expect(timers.mock.calls.length).toBe(before + 1);
    const [timer] = timers.mock.results.slice(-1) as { value: NodeJS.Timeout }[];
    expect(timer!.value.hasRef()).toBe(false);

    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    const end = attach();
    expect(timers.mock.calls.length).toBe(before + 1);
    sent.length = 0;
    events.tell({ type: 'miss', duration: 1 });
    expect(sent).toEqual([]);
    site.clock.advance(11);
    events.tell({ type: 'miss', duration: 1 });
    expect(sent).toContain('payload_kv.pending');
    end();
  });

  test('is asked for where it was forgotten, and its time where that is none', () => {
    expect(() => statsD({ client: {} as StatsDClient })).toThrow(
      expect.objectContaining({ code: 'INVALID_READER' }),
    );
    const client = { increment() {}, gauge() {}, timing() {} };
    expect(() => statsD({ client, every: '5x' as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_DURATION' }),
    );
  });
});

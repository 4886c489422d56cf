import type { Config } from 'payload';
import { afterEach, describe, expect, test } from 'vitest';
import { type LogsOptions, logs } from '../../src/runtime/metrics.js';
import type { Reader } from '../../src/runtime/observe.js';
import { type BusySite, startBusySite } from './busy-site.js';

interface Line {
  level: number;
  msg: string;
  payloadKV?: Record<string, unknown>;
}

const sites: BusySite[] = [];
let lines: Line[] = [];

afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
});

const configure = (config: Config): Config => ({
  ...config,
  logger: {
    options: { level: 'trace' },
    destination: { write: (line: string) => void lines.push(JSON.parse(line) as Line) },
  },
});

async function start(options?: LogsOptions, readers: Reader[] = [], plugin = {}): Promise<BusySite> {
  const site = await startBusySite({ readers: [...readers, logs(options)] }, { configure, plugin });
  sites.push(site);
  lines = [];
  return site;
}

const ours = () => lines.filter(({ payloadKV }) => payloadKV);
const ofType = (type: string) => ours().filter(({ payloadKV }) => payloadKV?.type === type);
const read = ({ payload }: BusySite, more: object = {}) =>
  payload.find({ collection: 'posts', depth: 0, ...more });

describe("events in Payload's log", () => {
  test('are lines with the event, what it is about in words, and a level', async () => {
    const site = await start({ sample: 1, level: 'debug' });
    await read(site, { limit: 2 });
    expect(ofType('miss')).toEqual([
      expect.objectContaining({
        level: 20,
        msg: 'payload-kv: miss find posts',
        payloadKV: {
          type: 'miss',
          instance: expect.any(String),
          subject: 'collection',
          name: 'posts',
          operation: 'find',
          duration: expect.any(Number),
          key: expect.stringMatching(/^[\w-]{43}$/),
          shape: 'limit 2, locale en',
        },
      }),
    ]);
    site.breakParts('reject');
    await read(site, { limit: 1 });
    site.breakParts(undefined);
    const errors = ofType('error');
    expect(errors.map(({ level }) => level)).toEqual(errors.map(() => 40));
    expect(errors[0]?.msg).toMatch(/^payload-kv: error (store|registry) fault$/);
  });

  test('hold no value of a query, no document and no key in clear', async () => {
    const key = () => 'readable-secret';
    const site = await start({ sample: 1 }, [], { key });
    const where = { title: { equals: 'whose-secret' } };
    for (let time = 0; time < 2; time++) await read(site, { where });
    await site.happenings();
    expect(ofType('hit').length).toBeGreaterThan(1);
    const text = JSON.stringify(ours());
    expect(text).toContain('title equals');
    expect(text).not.toMatch(/whose-secret|readable-secret|Of one reader alone|Another/);
  });

  test('are left out by the share of their type, the same ones each time', async () => {
    const site = await start({ events: ['hit', 'miss'], sample: { hit: 0.25 } });
    await read(site);
    for (let time = 0; time < 9; time++) await read(site);
    expect(ofType('hit').map(({ payloadKV }) => payloadKV?.share)).toEqual([0.25, 0.25, 0.25]);
    expect(new Set(ours().map(({ payloadKV }) => payloadKV?.type))).toEqual(new Set(['hit', 'miss']));
  });

  test('by default are one in a hundred of the frequent, and all of the rare', async () => {
    const site = await start();
    for (let time = 0; time < 5; time++) await read(site);
    const [post] = (await read(site)).docs;
    for (let time = 0; time < 2; time++)
      await site.payload.update({ collection: 'posts', id: post!.id, data: { excerpt: `${time}` } });
    expect(ofType('hit')).toHaveLength(1);
    expect(ofType('invalidate').length).toBeGreaterThanOrEqual(2);
  });

  test('of errors are the first of each kind in any case', async () => {
    const site = await start({ sample: 0 });
    site.breakParts('reject');
    for (let limit = 1; limit < 4; limit++) await read(site, { limit });
    site.breakParts(undefined);
    const kinds = ours().map(({ payloadKV }) => `${payloadKV?.type} ${payloadKV?.part} ${payloadKV?.reason}`);
    expect(kinds.sort()).toEqual(['error registry fault', 'error store fault']);
  });

  test.each<[LogsOptions, RegExp]>([
    [{ events: ['hits' as never] }, /no event "hits"/],
    [{ sample: { hits: 1 } as never }, /no event "hits"/],
    [{ sample: 2 }, /2 is no share/],
    [{ sample: { hit: Number.NaN } }, /no share/],
    [{ level: 'loud' as never }, /no level "loud"/],
  ])('are refused where there is no such thing: %j', (options, message) => {
    expect(() => logs(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_READER', message: expect.stringMatching(message) }),
    );
  });
});

describe('readers', () => {
  test('that throw keep neither the others nor the site from their work', async () => {
    const broken: Reader[] = [
      {
        name: 'never-there',
        attach() {
          throw new Error('cannot be attached');
        },
      },
      {
        name: 'there-and-broken',
        attach(_payload, { events }) {
          events.listen(() => {
            throw new Error('cannot hear');
          });
          return () => {
            throw new Error('cannot be ended');
          };
        },
      },
    ];
    lines = [];
    const site = await startBusySite({ readers: [...broken, logs({ sample: 1 })] }, { configure });
    await read(site);
    await read(site);
    expect(ofType('hit').length).toBeGreaterThan(0);
    await site.stop();
    const said = lines.filter(({ level }) => level === 40).map(({ msg }) => msg);
    expect(said).toContain('payload-kv: attaching never-there failed; the site goes on without it.');
    expect(said).toContain('payload-kv: a listener to events failed; the site goes on without it.');
    expect(said).toContain('payload-kv: ending there-and-broken failed; the site goes on without it.');
  });
});

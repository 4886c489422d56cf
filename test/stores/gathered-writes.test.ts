import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type GatheredWrite,
  type GatheredWrites,
  type GatherOptions,
  gatherWrites,
} from '../../src/stores/gathered-writes.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What was sent: each sending ends when the test says so. */
interface Sending {
  writes: readonly GatheredWrite[];
  done(...failed: string[]): Promise<void>;
  fail(): Promise<void>;
}
const FAULT = new Error('not written');

function gather(options: Partial<GatherOptions> = {}): { writes: GatheredWrites; sent: Sending[] } {
  const sent: Sending[] = [];
  const writes = gatherWrites({
    send: (writes) =>
      new Promise((resolve, reject) => {
        const settled = () => vi.advanceTimersByTimeAsync(0);
        sent.push({
          writes,
          done(...failed) {
            resolve(new Map(failed.map((key) => [key, FAULT])));
            return settled().then(() => undefined);
          },
          fail() {
            reject(FAULT);
            return settled().then(() => undefined);
          },
        });
      }),
    pauseAfter: () => 1_000,
    retries: 2,
    moment: 10,
    interval: 0,
    maximumBytes: 2_000,
    ...options,
  });
  return { writes, sent };
}

/** How a promise stands: `waiting` until it settles. */
function stateOf(promise: Promise<void>): () => string {
  let state = 'waiting';
  promise.then(
    () => {
      state = 'written';
    },
    () => {
      state = 'failed';
    },
  );
  return () => state;
}

const shortly = (milliseconds = 10) => vi.advanceTimersByTimeAsync(milliseconds);
const valuesOf = ({ writes }: Sending) => writes.map(({ key, value }) => `${key}=${value}`);

test('Only one sending is under way, however long it takes; what comes meanwhile goes together with the next', async () => {
  const { writes, sent } = gather();
  const first = stateOf(writes.write('a', 'old', undefined));
  await shortly();
  const later = [writes.write('a', 'new', undefined), writes.write('b', 'x', undefined)].map(stateOf);
  await shortly(60_000);
  expect(sent.map(valuesOf)).toEqual([['a=old']]);
  expect(first()).toBe('waiting');
  await sent[0]?.done();
  expect(first()).toBe('written');
  await shortly();
  expect(sent.map(valuesOf)).toEqual([['a=old'], ['a=new', 'b=x']]);
  expect(later.map((state) => state())).toEqual(['waiting', 'waiting']);
  await sent[1]?.done();
  expect(later.map((state) => state())).toEqual(['written', 'written']);
});

test('A value that failed is not sent after a later one: the later settles both', async () => {
  const { writes, sent } = gather();
  const old = stateOf(writes.write('a', 'old', undefined));
  await shortly();
  const late = stateOf(writes.write('a', 'new', undefined));
  await sent[0]?.done('a');
  expect([old(), late()]).toEqual(['waiting', 'waiting']);
  await shortly(5_000);
  expect(sent.map(valuesOf)).toEqual([['a=old'], ['a=new']]);
  await sent[1]?.done();
  expect([old(), late()]).toEqual(['written', 'written']);
});

test('After a sending that failed as a whole the next waits its pause out, though more is written', async () => {
  const { writes, sent } = gather();
  const first = stateOf(writes.write('a', 'x', undefined));
  await shortly();
  await sent[0]?.fail();
  const second = stateOf(writes.write('b', 'x', undefined));
  await shortly(900);
  expect(sent).toHaveLength(1);
  await shortly(200);
  expect(sent.map(valuesOf).slice(1)).toEqual([['a=x', 'b=x']]);
  await sent[1]?.done();
  expect([first(), second()]).toEqual(['written', 'written']);
});

test('A key that failed alone goes with the next sending, without waiting for its own pause', async () => {
  const { writes, sent } = gather();
  const first = stateOf(writes.write('a', 'x', undefined));
  const good = stateOf(writes.write('b', 'x', undefined));
  await shortly();
  await sent[0]?.done('a');
  expect([first(), good()]).toEqual(['waiting', 'written']);
  void writes.write('c', 'x', undefined);
  await shortly();
  expect(sent.map(valuesOf).slice(1)).toEqual([['a=x', 'c=x']]);
  await sent[1]?.done('a');
  await shortly(1_000);
  expect(sent.map(valuesOf).slice(2)).toEqual([['a=x']]);
  await sent[2]?.done('a');
  expect(first()).toBe('failed');
  await shortly(60_000);
  expect(sent).toHaveLength(3);
});

test('What waits is counted until it is settled, once for each key', async () => {
  const { writes, sent } = gather({ maximumBytes: 1_000 });
  const large = 'x'.repeat(350);
  const first = stateOf(writes.write('a', large, undefined));
  await shortly();
  // Under way it counts as well.
  expect(await writes.write('b', large, undefined).catch(() => 'refused')).toBe('refused');
  await sent[0]?.done('a');
  await shortly(1_000);
  await sent[1]?.done();
  expect(first()).toBe('written');
  // Of a value that takes another's place only one counts, and one that failed and was replaced no more.
  const small = stateOf(writes.write('a', 'x'.repeat(100), undefined));
  await shortly();
  const replacing = stateOf(writes.write('a', 'x'.repeat(90), undefined));
  await sent[2]?.done('a');
  await shortly(1_000);
  await sent[3]?.done();
  expect([small(), replacing()]).toEqual(['written', 'written']);
  const again = stateOf(writes.write('a', large, undefined));
  await shortly();
  await sent[4]?.done();
  expect(again()).toBe('written');
});

test('A flush sends at once what waits, and what comes while it is sent', async () => {
  const { writes, sent } = gather({ interval: 600_000 });
  const first = stateOf(writes.write('a', 'x', undefined));
  const flushed = stateOf(writes.flush());
  expect(sent.map(valuesOf)).toEqual([['a=x']]);
  const second = stateOf(writes.write('b', 'x', undefined));
  await sent[0]?.done();
  expect(sent.map(valuesOf)).toEqual([['a=x'], ['b=x']]);
  expect([first(), second(), flushed()]).toEqual(['written', 'waiting', 'waiting']);
  await sent[1]?.done();
  expect([second(), flushed()]).toEqual(['written', 'written']);
  await shortly(1_200_000);
  expect(sent).toHaveLength(2);
});

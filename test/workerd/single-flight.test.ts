import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CacheStats } from '../../src/runtime/index.js';
import { type RunningWorker, startWorker, until } from './start-worker.js';

let worker: RunningWorker;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker?.stop());

/** The default scope in workerd is the request. Not every platform offers `waitUntil`. */
const SITES = [
  ['of a request', 'scope=default', ''],
  ['of an isolate', 'scope=isolate', ''],
  ['of an isolate without waitUntil', 'scope=isolate', '&without-wait-until'],
] as const;

const stats = async (scope: string) => (await worker.ask(`/stats?${scope}`)) as CacheStats;
const timesAsked = (id: string) => worker.asked.filter((what) => what === `read?id=${id}`).length;
/** Missed lookups so far: a follower that waits cannot be seen otherwise. */
const misses = async (scope: string) => (await stats(scope)).total.misses;

describe.each(SITES)('single flight %s', (_name, scope, without) => {
  const page = (path: string, id: string) => `${path}?id=${id}&${scope}`;

  /** Reads as a follower does, and returns when its lookup has missed. */
  async function follow(id: string): Promise<{ answer: Promise<unknown> }> {
    const before = await misses(scope);
    const answer = worker.ask(page('/read', id));
    // Its failure is seen where the answer is awaited.
    answer.catch(() => undefined);
    await until(async () => (await misses(scope)) > before);
    return { answer };
  }

  async function expectLaterReadsToBeCached(id: string): Promise<void> {
    expect(await worker.ask(page('/read', id))).toEqual({ id, text: `text of ${id}` });
    await until(async () => (await stats(scope)).pending === 0);
    const before = timesAsked(id);
    expect(await worker.ask(page('/read', id))).toEqual({ id, text: `text of ${id}` });
    expect(timesAsked(id)).toBe(before);
  }

  /** The next miss of any read clears away what was left behind. */
  async function expectNothingInFlight(): Promise<void> {
    await worker.ask(page('/read', `other-${Math.random()}`));
    expect((await stats(scope)).inFlight).toBe(0);
  }

  const name = (text: string) => `${text}-${scope}${without}`.replaceAll(/[=&]/g, '-');

  test('answers a follower whose leader lost its client', async () => {
    const id = name('reset');
    worker.rows.set(id, `text of ${id}`);
    // Never released: whatever the follower gets does not come from the leader's query.
    const query = worker.hold(`read?id=${id}`);
    const leader = await worker.askAndLeave(page('/read', id) + without);
    await query.reached;
    const follower = await follow(id);
    await leader.leave();
    expect(await follower.answer).toEqual({ id, text: `text of ${id}` });
    expect(timesAsked(id)).toBe(2);
    await expectLaterReadsToBeCached(id);
    await expectNothingInFlight();
  });

  test('answers a follower whose leader answered early', async () => {
    const id = name('early');
    worker.rows.set(id, `text of ${id}`);
    const query = worker.hold(`read?id=${id}`);
    const response = worker.hold(`leave-early?id=${id}`);
    const leader = worker.ask(page('/answer-early', id) + without);
    await Promise.all([query.reached, response.reached]);
    const follower = await follow(id);
    response.release();
    expect(await leader).toBe('early');
    expect(await follower.answer).toEqual({ id, text: `text of ${id}` });
    expect(timesAsked(id)).toBe(2);
    await expectLaterReadsToBeCached(id);
    await expectNothingInFlight();
  });

  test('forgets a leader that nobody followed', async () => {
    const id = name('alone');
    worker.rows.set(id, `text of ${id}`);
    const query = worker.hold(`read?id=${id}`);
    const leader = await worker.askAndLeave(page('/read', id) + without);
    await query.reached;
    await leader.leave();
    await until(async () => {
      await worker.ask(page('/read', `other-${Math.random()}`));
      return (await stats(scope)).inFlight === 0;
    });
    await expectLaterReadsToBeCached(id);
  });
});

describe('single flight of an isolate with waitUntil', () => {
  const scope = 'scope=isolate';

  let attempts = 0;
  // A follower is patient for two seconds; on a machine that is busy for longer it asks itself, and the test again.
  test.each(['lost its client', 'answered early'])(
    'shares the query of a leader that %s, which goes on',
    { retry: 3 },
    async (how) => {
      const id = `shared-${++attempts}`;
      worker.rows.set(id, `text of ${id}`);
      const query = worker.hold(`read?id=${id}`);
      const response = worker.hold(`leave-early?id=${id}`);
      const leader =
        how === 'answered early'
          ? worker.ask(`/answer-early?id=${id}&${scope}`)
          : await worker.askAndLeave(`/read?id=${id}&${scope}`);
      await query.reached;
      const before = await misses(scope);
      const follower = worker.ask(`/read?id=${id}&${scope}`);
      await until(async () => (await misses(scope)) > before);
      if ('leave' in leader) await leader.leave();
      else {
        response.release();
        expect(await leader).toBe('early');
      }
      query.release();
      expect(await follower).toEqual({ id, text: `text of ${id}` });
      expect(timesAsked(id)).toBe(1);
    },
  );
});

describe('single flight of a request', () => {
  test('asks the database once for two identical reads of one request', async () => {
    worker.rows.set('both', 'text');
    const query = worker.hold('read?id=both');
    const before = await misses('scope=default');
    const answers = worker.ask('/read-twice?id=both&scope=default');
    await query.reached;
    await until(async () => (await misses('scope=default')) === before + 2);
    query.release();
    expect(await answers).toEqual([
      { id: 'both', text: 'text' },
      { id: 'both', text: 'text' },
    ]);
    expect(timesAsked('both')).toBe(1);
  });

  test('answers both of two identical reads that go on after the response', async () => {
    const query = worker.hold('read?id=background');
    const response = worker.hold('leave-early?id=background');
    const early = worker.ask('/answer-early-in-background?id=background&scope=default');
    await Promise.all([query.reached, response.reached]);
    response.release();
    expect(await early).toBe('early');
    query.release();
    await until(() => worker.asked.includes('told?id=background&results=2'));
    expect(timesAsked('background')).toBe(1);
  });
});

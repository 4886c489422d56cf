import { expect, test, vi } from 'vitest';
import { kvRegistry } from '../../src/registries/kv.js';
import { memory } from '../../src/runtime/index.js';
import { chaoticStore, type Fault } from '../support/chaos.js';
import { takeClock } from '../support/clock.js';

const KEY = 'payload-cache:tag:posts';

test('a replacement that was left to the background is delivered, however often KV refuses it', async () => {
  const kept = memory();
  const faults: (Fault | undefined)[] = [];
  const store = chaoticStore(kept, ({ operation }) => (operation === 'set' ? faults.shift() : undefined));
  const registry = kvRegistry(store, { interval: 300, attempts: 1 });
  const background: Promise<unknown>[] = [];
  const context = { background: (work: Promise<unknown>) => void background.push(work) };

  await registry.replace(['posts'], context);
  faults.push('429', '429', '429');
  const [second] = await registry.replace(['posts'], context);
  expect(kept.getMany([KEY])).not.toEqual([second]);
  await Promise.all(background);
  expect(kept.getMany([KEY])).toEqual([second]);
  expect(faults).toEqual([]);
});

test('a writer of which nothing is heard any more does not hold up those after it', async () => {
  const clock = takeClock();
  try {
    const kept = memory();
    let fault: Fault | undefined = 'hang';
    const registry = kvRegistry(
      chaoticStore(kept, () => fault),
      { interval: 1 },
    );
    void registry.replace(['posts']);
    fault = undefined;
    const context = { background: () => undefined };
    await registry.replace(['posts'], context);
    expect(kept.getMany([KEY])).toEqual([undefined]);
    clock.advance(31);
    const [version] = await registry.replace(['posts'], context);
    expect(kept.getMany([KEY])).toEqual([version]);
  } finally {
    clock.stop();
  }
});

test('a version that was left to a writer of which nothing is heard any more is written all the same', async () => {
  vi.useFakeTimers();
  try {
    const kept = memory();
    let fault: Fault | undefined = 'hang';
    const registry = kvRegistry(
      chaoticStore(kept, () => fault),
      { interval: 1 },
    );
    void registry.replace(['posts']);
    fault = undefined;
    const background: Promise<unknown>[] = [];
    const context = { background: (work: Promise<unknown>) => void background.push(work) };
    const [version] = await registry.replace(['posts'], context);
    expect(kept.getMany([KEY])).toEqual([undefined]);
    // Less than the 30 seconds for which a Worker's request may go on after its response.
    await vi.advanceTimersByTimeAsync(20_000);
    await Promise.all(background);
    expect(kept.getMany([KEY])).toEqual([version]);
  } finally {
    vi.useRealTimers();
  }
});

import { expect, test } from 'vitest';
import { createWriteQueue } from '../../src/runtime/read/write-queue.js';

const noDrop = (): never => {
  throw new Error('there is room');
};

function controlled() {
  const started: string[] = [];
  const ends = new Map<string, { resolve(): void; reject(error: Error): void }>();
  return {
    started,
    write: (name: string) => () =>
      new Promise<void>((resolve, reject) => {
        started.push(name);
        ends.set(name, { resolve, reject });
      }),
    end: (name: string) => ends.get(name)?.resolve(),
    fail: (name: string) => ends.get(name)?.reject(new Error(name)),
  };
}

test('writes begin in order, so many at a time, and a failing one makes room as well', async () => {
  const { started, write, end, fail } = controlled();
  const queue = createWriteQueue(2);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => queue.run(write(name), 10, noDrop));
  expect(started).toEqual(['a', 'b']);
  fail('b');
  await expect(b).rejects.toThrow('b');
  expect(started).toEqual(['a', 'b', 'c']);
  end('a');
  await a;
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  end('c');
  fail('d');
  await c;
  await expect(d).rejects.toThrow('d');
});

test('no more waits than memory allows, and what has had its turn gives its room back', async () => {
  const { started, write, end } = controlled();
  const queue = createWriteQueue(1);
  const half = 16 * 1024 * 1024;
  const first = queue.run(write('first'), half, noDrop);
  const second = queue.run(write('second'), half, noDrop);
  const third = queue.run(write('third'), half, noDrop);
  const dropped: string[] = [];
  queue.run(write('fourth'), 1, () => dropped.push('fourth'));
  end('first');
  await first;
  const fifth = queue.run(write('fifth'), half, noDrop);
  queue.run(write('sixth'), 1, () => dropped.push('sixth'));
  expect(dropped).toEqual(['fourth', 'sixth']);
  for (const [name, write] of [
    ['second', second],
    ['third', third],
    ['fifth', fifth],
  ] as const) {
    end(name);
    await write;
  }
  expect(started).toEqual(['first', 'second', 'third', 'fifth']);
});

test('a write that needs no waiting is done when the call returns', () => {
  const queue = createWriteQueue(1);
  const done: number[] = [];
  for (let index = 0; index < 3; index++)
    expect(queue.run(() => void done.push(index), 1, noDrop)).toBeUndefined();
  expect(done).toEqual([0, 1, 2]);
});

test('however many wait, all have their turn when the writes before them end', async () => {
  const queue = createWriteQueue(2);
  const { write, end } = controlled();
  const ended = [queue.run(write('a'), 1, noDrop), queue.run(write('b'), 1, noDrop)];
  let done = 0;
  // As writes are while the circuit is open: over at once.
  const short = (): void => {
    done += 1;
  };
  for (let index = 0; index < 50_000; index++) ended.push(queue.run(short, 1, noDrop));
  end('a');
  end('b');
  await Promise.all(ended);
  expect(done).toBe(50_000);
  expect(queue.run(short, 1, noDrop)).toBeUndefined();
});

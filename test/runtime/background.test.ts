import { expect, test } from 'vitest';
import { createBackground } from '../../src/platform/background.js';

test('work that never ends is not kept without end', async () => {
  const background = createBackground(
    () => undefined,
    () => undefined,
  );
  for (let count = 0; count < 20_000; count++) background.run(new Promise(() => {}));
  expect(background.pending()).toBeLessThanOrEqual(5_000);
  const ending = Promise.resolve();
  background.run(ending);
  await background.settled(20);
  expect(background.pending()).toBeLessThan(5_000);
});

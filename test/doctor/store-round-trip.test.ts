import { expect, test } from 'vitest';
import { storeRoundTrip } from '../../src/doctor/store-round-trip.js';
import { memory } from '../../src/stores/memory.js';

test('a store that works gives nothing to complain about and keeps nothing', async () => {
  const store = memory();
  expect(await storeRoundTrip(store)).toBeUndefined();
  for await (const page of store.list('')) expect(page).toEqual([]);
});

test('a store that loses what it is given is found out', async () => {
  expect(await storeRoundTrip({ ...memory(), set: () => undefined })).toBe('what was put did not come back');
});

test('a store that does not list is found out, and what was put is deleted', async () => {
  const store = memory();
  expect(await storeRoundTrip({ ...store, async *list() {} })).toBe('what was put is not listed');
  for await (const page of store.list('')) expect(page).toEqual([]);
});

test('a store that does not delete is found out', async () => {
  expect(await storeRoundTrip({ ...memory(), delete: () => undefined })).toBe(
    'what was deleted is still there',
  );
});

import { expect, test } from 'vitest';
import { signed, verified } from '../../../src/runtime/next/signed-request.js';

const NOW = 1_800_000_000_000;

test('A request is taken once, by a site with the same secret', async () => {
  const { body, signature } = await signed('secret', ['pkv:posts'], NOW);
  expect(await verified('another', body, signature, NOW)).toBeUndefined();
  expect(await verified('secret', body, signature, NOW + 5_000)).toEqual(['pkv:posts']);
  expect(await verified('secret', body, signature, NOW + 5_000)).toBeUndefined();
});

test('A changed body, an old one, one of the future and a made-up signature are not', async () => {
  const { body, signature } = await signed('secret', ['pkv:posts'], NOW);
  expect(await verified('secret', body.replace('posts', 'pages'), signature, NOW)).toBeUndefined();
  expect(await verified('secret', `${body} `, signature, NOW)).toBeUndefined();
  expect(await verified('secret', body, signature, NOW + 61_000)).toBeUndefined();
  expect(await verified('secret', body, signature, NOW - 61_000)).toBeUndefined();
  for (const forged of ['', 'x', signature.slice(1), `${signature}A`, 'é'.repeat(43)])
    expect(await verified('secret', body, forged, NOW), forged).toBeUndefined();
  expect(await verified('secret', body, signature, NOW)).toEqual(['pkv:posts']);
});

test('A signature says nothing of the secret, and two requests are never the same', async () => {
  const [one, other] = await Promise.all([signed('secret', ['a'], NOW), signed('secret', ['a'], NOW)]);
  expect(one.body).not.toBe(other.body);
  expect(one.signature).not.toBe(other.signature);
  expect(one.body + one.signature).not.toContain('secret');
});

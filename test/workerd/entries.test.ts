import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeEntry, encodeEntry, encodeResult } from '../../src/runtime/entry/entry.js';
import { createEnvelope } from '../../src/runtime/entry/envelope.js';
import { aesGCM, gzip } from '../../src/runtime/index.js';
import { messagePack } from '../../src/runtime/msgpack.js';
import { repository } from '../support/repository.js';
import { areSame } from '../support/results.js';
import { workerBundle } from '../support/worker-bundle.js';

const KEYS = ['QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE='];

/** Answers with entries that it made, and with what it reads of those it is sent. Global scope is where config lives. */
const WORKER = `
  import { createEnvelope } from './src/runtime/entry/envelope.js';
  import { decodeEntry, encodeEntry, encodeResult } from './src/runtime/entry/entry.js';
  import { aesGCM } from './src/runtime/entry/encryption.js';
  import { gzip } from './src/runtime/entry/compression.js';
  import { messagePack } from './src/runtime/msgpack.js';
  const serializer = messagePack();
  const compression = gzip({ threshold: 0 });
  const encryption = aesGCM({ keys: ${JSON.stringify(KEYS)} });
  export default {
    async fetch(request) {
      const { parts, text, lists } = await request.json();
      const envelope = createEnvelope({
        serializer: parts.includes('MessagePack') ? serializer : undefined,
        compression: parts.includes('gzip') ? compression : undefined,
        encryption: parts.includes('encryption') ? encryption : undefined,
      });
      try {
        const opened = await envelope.open('key', text);
        if (!opened) return Response.json({ opened });
        const entry = decodeEntry(opened, envelope.serializer);
        const result = entry.result();
        const again = encodeEntry(entry, encodeResult(result, envelope.serializer));
        // Many times: msgpackr makes code of what it reads often, which workerd forbids.
        for (let time = 0; time < 50; time++) decodeEntry(again, envelope.serializer).result();
        return Response.json({ text: await envelope.seal('key', again) });
      } catch (error) {
        return Response.json({ error: String(error?.stack ?? error) });
      }
    },
  };`;

const COMBINATIONS = ['JSON', 'MessagePack'].flatMap((serializer) =>
  ['', 'gzip'].flatMap((compression) =>
    ['', 'encryption'].map((encryption) => [serializer, compression, encryption]),
  ),
);

const result = {
  docs: Array.from({ length: 30 }, (_, id) => ({
    id,
    title: `Document ${id} – ü`,
    at: new Date(id),
    gone: undefined,
  })),
  odd: [-0, 10n, Number.NaN, Buffer.from([1, 2]), '\ud800'],
};

// From 2025-06-01 on workerd lets code be made while it starts, and only then.
describe.each(['2025-05-01', '2026-04-01'])('in workerd as of %s', (compatibilityDate) => {
  let miniflare: Miniflare;
  beforeAll(async () => {
    const script = await workerBundle({
      stdin: { contents: WORKER, resolveDir: repository },
    });
    miniflare = new Miniflare({
      modules: true,
      script,
      compatibilityDate,
      compatibilityFlags: ['nodejs_compat'],
    });
  });
  afterAll(() => miniflare?.dispose());

  test.each(COMBINATIONS)('an entry is read, and written for Node to read: %s %s %s', async (...parts) => {
    const envelope = createEnvelope({
      serializer: parts.includes('MessagePack') ? messagePack() : undefined,
      compression: parts.includes('gzip') ? gzip({ threshold: 0 }) : undefined,
      encryption: parts.includes('encryption') ? aesGCM({ keys: KEYS }) : undefined,
    });
    const header = { key: 'key', tags: ['posts'], versions: ['0'], askedAt: 1, ttl: 2 };
    const encoded = encodeResult(result, envelope.serializer);
    const text = await envelope.seal('key', encodeEntry(header, encoded as NonNullable<typeof encoded>));
    const send = async (sent: string): Promise<{ text?: string }> => {
      const response = await miniflare.dispatchFetch('http://worker.test/', {
        method: 'POST',
        body: JSON.stringify({ parts, text: sent }),
      });
      return (await response.json()) as { text?: string };
    };
    // In a request of its own, and in one after it: what the first made is used by the second.
    for (let time = 0; time < 2; time++) {
      const answer = await send(text);
      expect(answer).toEqual({ text: expect.any(String) });
      const body = await envelope.open('key', answer.text as string);
      const entry = decodeEntry(body as NonNullable<typeof body>, envelope.serializer);
      expect(entry).toMatchObject(header);
      expect(areSame(entry?.result(), result)).toBe(true);
    }
    // Damage is a fault of the entry, in workerd as well.
    if (parts.includes('gzip') || parts.includes('encryption')) {
      expect(await send(text.slice(0, -20))).toEqual({ opened: null });
    }
  });
});

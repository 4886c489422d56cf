import { randomBytes } from 'node:crypto';
import { aesGCM, gzip } from 'payload-kv';
import { messagePack } from 'payload-kv/msgpack';
import { decodeEntry, encodeEntry, encodeResult } from '../dist/runtime/entry/entry.js';
import { createEnvelope } from '../dist/runtime/entry/envelope.js';
import { startBlog } from '../test/support/payload.js';
import { figure, timeInTurns } from './measure.js';

const KEY = 'payload-cache:posts:find:0123456789abcdef0123456789abcdef';
const HEADER = {
  key: KEY,
  tags: ['@global', 'posts'],
  versions: ['a1b2c3d4', 'e5f6a7b8'],
  askedAt: 1,
  ttl: 300,
};

const serializers = { JSON: undefined, MessagePack: messagePack() };
const additions = {
  '': {},
  ' + gzip': { compression: gzip({ threshold: 0 }) },
  ' + encryption': { encryption: aesGCM({ keys: [randomBytes(32).toString('base64')] }) },
};

/** Every form of an entry: its size, and what it costs to make and to read, against plain JSON in the same run. */
export async function benchEntries(): Promise<void> {
  const site = await startBlog({ seed: 100 });
  try {
    for (const limit of [1, 3, 10, 30, 100]) {
      const result = await site.payload.db.find({ collection: 'posts', limit, sort: 'id' });
      const plain = encodeEntry(HEADER, encodeResult(result) as never) as string;
      console.log(
        `\n${limit} documents, ${Buffer.byteLength(plain).toLocaleString('en')} bytes as plain JSON`,
      );
      const forms = Object.entries(serializers).flatMap(([name, serializer]) =>
        Object.entries(additions).map(
          ([addition, options]) => [name + addition, createEnvelope({ serializer, ...options })] as const,
        ),
      );
      const texts = new Map<string, string>();
      const writes: Record<string, () => unknown> = {};
      const reads: Record<string, () => unknown> = {};
      for (const [name, envelope] of forms) {
        const encode = () => encodeEntry(HEADER, encodeResult(result, envelope.serializer) as never);
        const text = await envelope.seal(KEY, encode());
        texts.set(name, text);
        writes[name] = () => envelope.seal(KEY, encode());
        const decode = (body: unknown) => decodeEntry(body as string, envelope.serializer)?.result();
        reads[name] = () => {
          const body = envelope.open(KEY, text);
          return body instanceof Promise ? body.then(decode) : decode(body);
        };
      }
      const batch = Math.max(1, Math.round(60 / limit));
      const write = await timeInTurns(writes, { rounds: 20, batch, warmUp: 8 });
      const read = await timeInTurns(reads, { rounds: 20, batch, warmUp: 8 });
      for (const [name, text] of texts) {
        const against = (times: Record<string, number>): string =>
          `${((times[name] as number) / (times.JSON as number)).toFixed(1)} × (${(times[name] as number).toFixed(0)} µs)`;
        figure(
          name,
          `size ${(text.length / plain.length).toFixed(2)} ×, write ${against(write)}, read ${against(read)}`,
        );
      }
      const saved = (plain.length - (texts.get('JSON + gzip') as string).length) / 1024;
      const longer = (read['JSON + gzip'] as number) - (read.JSON as number);
      figure(
        'gzip: what a hit waits longer for each KB that the store is spared',
        `${(longer / saved).toFixed(0)} µs`,
      );
    }
  } finally {
    await site.stop();
  }
}

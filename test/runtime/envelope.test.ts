import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { decodeEntry, encodeEntry, encodeResult } from '../../src/runtime/entry/entry.js';
import type { Envelope, EnvelopeOptions } from '../../src/runtime/entry/entry-form.js';
import { createEnvelope } from '../../src/runtime/entry/envelope.js';
import { aesGCM, gzip, memory, payloadKV } from '../../src/runtime/index.js';
import { messagePack } from '../../src/runtime/msgpack.js';
import { areSame, oddResults, results } from '../support/results.js';

const newKey = () => randomBytes(32).toString('base64');
const KEY = newKey();
const header = {
  key: 'k',
  tags: ['posts', 'posts?slug=\u007f\n«ü»😀\ud83d'],
  versions: ['0', '1'],
  askedAt: 5,
  ttl: 60,
};

/** Every way to write an entry. */
const COMBINATIONS = [undefined, messagePack()].flatMap((serializer) =>
  [undefined, gzip({ threshold: 0 })].flatMap((compression) =>
    [undefined, aesGCM({ keys: [KEY] })].map((encryption) => {
      const named = [serializer ? 'MessagePack' : 'JSON', compression && 'gzip', encryption && 'encryption'];
      return [named.filter(Boolean).join(' with '), { serializer, compression, encryption }] as const;
    }),
  ),
);

function encoded(result: unknown, envelope: Envelope): string | undefined {
  const encoded = encodeResult(result, envelope.serializer);
  return encoded && encodeEntry(header, encoded);
}

/** What a reader gets of a text; `undefined` where it is a miss. */
async function read(
  envelope: Envelope,
  text: string,
  key = header.key,
): Promise<{ result: unknown } | undefined> {
  const body = await envelope.open(key, text);
  const entry = body === undefined || body === null ? undefined : decodeEntry(body, envelope.serializer);
  if (entry?.key !== key) return undefined;
  expect(entry).toMatchObject(header);
  try {
    return { result: entry.result() };
  } catch {
    // As the cache takes it.
    return undefined;
  }
}

async function sealed(result: unknown, options: EnvelopeOptions, key = header.key): Promise<string> {
  const envelope = createEnvelope(options);
  const text = await envelope.seal(key, encoded(result, envelope) as string);
  // As every store but the one in memory sends it.
  expect(Buffer.from(text).toString()).toBe(text);
  return text;
}

const documents = (count: number) =>
  Array.from({ length: count }, (_, id) => ({
    id,
    title: `Document ${id}`,
    at: new Date(id),
    gone: undefined,
  }));

describe.each(COMBINATIONS)('%s', (_name, options) => {
  const envelope = createEnvelope(options);

  test('keeps a result exactly', async () => {
    await fc.assert(
      fc.asyncProperty(results, async (result) => {
        const text = await sealed(result, options);
        expect(areSame((await read(envelope, text))?.result, result)).toBe(true);
        const near = envelope.wrap((await envelope.open(header.key, text)) as string, text);
        const entry = decodeEntry(envelope.unwrap(near) as string, envelope.serializer);
        expect(areSame(entry?.result(), result)).toBe(true);
      }),
      { numRuns: options.compression ? 150 : 500 },
    );
  });

  test('keeps exactly, or refuses, what is odd', async () => {
    const refused = { yes: 0, no: 0 };
    await fc.assert(
      fc.asyncProperty(oddResults, async (result) => {
        const isRefused = encoded(result, envelope) === undefined;
        refused[isRefused ? 'yes' : 'no'] += 1;
        if (isRefused) return;
        expect(areSame((await read(envelope, await sealed(result, options)))?.result, result)).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(refused.yes).toBeGreaterThan(10);
    expect(refused.no).toBeGreaterThan(10);
  });

  test('keeps what is nested a thousand levels deep', async () => {
    let deep: unknown = new Date(1);
    for (let level = 0; level < 1_000; level++) deep = level % 2 ? [deep] : { deep };
    expect(areSame((await read(envelope, await sealed(deep, options)))?.result, deep)).toBe(true);
  });

  test('answers at once where nothing is compressed or encrypted', async () => {
    const body = encoded(documents(10), envelope) as string;
    const text = envelope.seal(header.key, body);
    const waits = Boolean(options.compression ?? options.encryption);
    expect(text instanceof Promise).toBe(waits);
    expect(envelope.open(header.key, await text) instanceof Promise).toBe(waits);
  });

  test('leaves the near tier neither compressed nor encrypted', async () => {
    const body = encoded(documents(10), envelope) as string;
    const near = envelope.wrap(body);
    expect(createEnvelope({ serializer: options.serializer }).unwrap(near)).toBe(body);
    expect(near.slice(5)).toBe(body);
    expect(envelope.wrap(body, await envelope.seal(header.key, body))).toBe(near);
  });

  test('takes an entry that is cut off anywhere for a miss', async () => {
    const text = await sealed(documents(3), options);
    for (let length = 0; length < text.length; length++) {
      // Padding alone says nothing.
      if (/^=+$/.test(text.slice(length))) continue;
      const found = await read(envelope, text.slice(0, length));
      expect(found, `${length} characters`).toBeUndefined();
    }
  });

  test('takes garbage for a miss', async () => {
    const beginning = (await sealed([], options)).slice(0, 5);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.json()),
        async (garbage) => {
          expect(await read(envelope, garbage)).toBeUndefined();
          const body = await envelope.open(header.key, beginning + garbage);
          if (body) expect(decodeEntry(body, envelope.serializer)).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  test('takes an entry of a format that is not known for a miss, and not for damage', async () => {
    const text = await sealed(documents(3), options);
    for (const [place, other] of [
      [0, '3'],
      [0, '5'],
      [0, 'z'],
      [1, 'Q'],
      [2, 'Q'],
      [3, 'Q'],
    ] as const) {
      expect(
        await envelope.open(header.key, text.slice(0, place) + other + text.slice(place + 1)),
      ).toBeUndefined();
    }
    expect(await envelope.open(header.key, '<html>502 Bad Gateway</html>')).toBeNull();
  });

  test('is a miss to every site that writes otherwise, or an exact answer', async () => {
    const result = documents(3);
    const text = await sealed(result, options);
    for (const [, others] of COMBINATIONS) {
      const other = createEnvelope(others);
      const found = await read(other, text);
      // What is compressed is known to those that compress; and only what is encrypted where it must be.
      const isKnown =
        options.serializer === others.serializer &&
        (!options.compression || Boolean(others.compression)) &&
        Boolean(options.encryption) === Boolean(others.encryption);
      if (isKnown) expect(areSame(found?.result, result)).toBe(true);
      else expect(await other.open(header.key, text)).toBeUndefined();
    }
  });
});

describe('a serializer of a site’s own', () => {
  test('has no entry in a header alone', () => {
    const body = encoded([], createEnvelope({ serializer: messagePack() })) as string;
    const [head = ''] = body.split('\n');
    expect(decodeEntry(`${head}\n`, messagePack())).toMatchObject(header);
    expect(decodeEntry(`${head} `, messagePack())).toBeUndefined();
  });

  test('is given no lone surrogates, and keeps them all the same', async () => {
    const given: unknown[] = [];
    const plain = messagePack();
    const serializer = {
      ...plain,
      encode(value: unknown) {
        given.push(value);
        return plain.encode(value);
      },
    };
    const result = { title: 'cut \ud83d', list: ['\udc00', 'whole'] };
    const text = await sealed(result, { serializer });
    expect(given).toEqual([{ title: null, list: [null, 'whole'] }]);
    expect((await read(createEnvelope({ serializer }), text))?.result).toEqual(result);
    // The names of properties have no place beside the others.
    expect(encodeResult({ '\ud83d': 1 }, serializer)).toBeUndefined();
    expect(encodeResult({ '\ud83d': 1 })).toBeDefined();
  });
});

describe('gzip', () => {
  test('compresses from its threshold on, and only where that makes an entry smaller', async () => {
    const sizeOf = (result: unknown) => Buffer.byteLength(encoded(result, createEnvelope()) as string);
    const threshold = sizeOf('é'.repeat(600));
    const options = { compression: gzip({ threshold }) };
    expect(await sealed('é'.repeat(599), options)).toMatch(/^4j--:/);
    expect(await sealed('é'.repeat(600), options)).toMatch(/^4jg-:/);
    const noise = randomBytes(5_000).toString('base64');
    expect(await sealed(noise, options)).toMatch(/^4j--:/);
    expect(await sealed(noise, { ...options, encryption: aesGCM({ keys: [KEY] }) })).toMatch(/^4jga:/);
  });

  test('refuses an entry that would become larger than any that it wrote', async () => {
    const envelope = createEnvelope({ compression: gzip() });
    const bomb = gzipSync(Buffer.alloc(33 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(50_000);
    expect(await envelope.open(header.key, `4jg-:${bomb.toString('base64')}`)).toBeNull();
    const large = ' '.repeat(33 * 1024 * 1024);
    expect(await envelope.seal(header.key, large)).toBe(`4j--:${large}`);
  });

  test.each([-1, 1.5, Number.NaN, '1kb'])('has no threshold of %s', (threshold) => {
    expect(() => gzip({ threshold: threshold as number })).toThrow(
      expect.objectContaining({ code: 'INVALID_POLICY' }),
    );
  });
});

describe('encryption', () => {
  const result = documents(2);
  const { env } = process;
  afterEach(() => {
    process.env = env;
  });

  test('shows nothing of an entry, and no two alike', async () => {
    const options = { encryption: aesGCM({ keys: [KEY] }) };
    const texts = await Promise.all([1, 2].map(() => sealed(result, options)));
    expect(texts[0]).not.toBe(texts[1]);
    for (const text of texts) {
      const bytes = Buffer.from(text.slice(5), 'base64').toString('latin1');
      for (const word of ['Document', 'posts', 'title']) expect(bytes).not.toContain(word);
    }
  });

  test('reads with each of its keys and writes with the first, so that keys can be changed', async () => {
    const [old, fresh] = [newKey(), newKey()];
    const ring = (...keys: string[]) => createEnvelope({ encryption: aesGCM({ keys }) });
    const before = await ring(old).seal(header.key, encoded(result, ring(old)) as string);
    // The new key first: what the old one encrypted is still read.
    expect((await read(ring(fresh, old), before))?.result).toEqual(result);
    const after = await ring(fresh, old).seal(header.key, encoded(result, ring(old)) as string);
    expect((await read(ring(fresh), after))?.result).toEqual(result);
    // The old one gone: a miss, and nothing is damaged.
    expect(await ring(fresh).open(header.key, before)).toBeUndefined();
    expect(await ring(old).open(header.key, after)).toBeUndefined();
  });

  test.each([
    ['JSON', undefined],
    ['MessagePack', messagePack()],
  ])('notices each character of %s that is changed', async (_name, serializer) => {
    const options = { serializer, encryption: aesGCM({ keys: [KEY] }), compression: gzip({ threshold: 0 }) };
    const envelope = createEnvelope(options);
    const text = await sealed(result, options);
    const bytesOf = (changed: string) => Buffer.from(changed.slice(5), 'base64').toString('hex');
    for (let place = 0; place < text.length; place++) {
      for (const other of ['A', 'b', '-', '{', '\u0000', '=']) {
        if (text[place] === other) continue;
        const changed = text.slice(0, place) + other + text.slice(place + 1);
        const found = await read(envelope, changed);
        // Base64 has two alphabets, and bits that mean nothing at its end.
        const saysTheSame = place >= 5 && bytesOf(changed) === bytesOf(text);
        expect(found !== undefined, changed).toBe(saysTheSame);
        if (found) expect(areSame(found.result, result)).toBe(true);
      }
    }
  });

  test('accepts no entry under another header', async () => {
    const options = {
      serializer: messagePack(),
      compression: gzip({ threshold: 0 }),
      encryption: aesGCM({ keys: [KEY] }),
    };
    const text = await sealed(result, options);
    expect(text).toMatch(/^4mga:/);
    expect(await createEnvelope(options).open(header.key, `4mba:${text.slice(5)}`)).toBeNull();
    const inJSON = createEnvelope({ ...options, serializer: undefined });
    expect(await inJSON.open(header.key, `4jga:${text.slice(5)}`)).toBeNull();
  });

  test('accepts no entry of another key, whatever it says of itself', async () => {
    const options = { encryption: aesGCM({ keys: [KEY] }) };
    const text = await sealed(result, options, 'another');
    // The one inside names this key.
    expect(await createEnvelope(options).open(header.key, text)).toBeNull();
    expect((await read(createEnvelope(options), await sealed(result, options)))?.result).toEqual(result);
  });

  test('accepts no entry without it', async () => {
    const envelope = createEnvelope({ encryption: aesGCM({ keys: [KEY] }), compression: gzip() });
    for (const options of [{}, { compression: gzip({ threshold: 0 }) }]) {
      const text = await sealed(documents(50), options);
      expect(await envelope.open(header.key, text)).toBeUndefined();
      // Nor one that only claims it.
      expect(await read(envelope, `${text.slice(0, 3)}a${text.slice(4)}`)).toBeUndefined();
    }
  });

  test('takes its keys from the environment where the code names none', async () => {
    const [one, two] = [newKey(), newKey()];
    const text = await sealed(result, { encryption: aesGCM({ keys: [two] }) });
    process.env = { ...env, PAYLOAD_KV_ENCRYPTION_KEYS: ` ${one}, ${two},` };
    expect((await read(createEnvelope({ encryption: aesGCM() }), text))?.result).toEqual(result);
    const own = createEnvelope({ encryption: aesGCM({ keys: [KEY] }) });
    expect(await own.open(header.key, text)).toBeUndefined();
  });

  test.each([
    ['none', []],
    ['one that is too short', [KEY, randomBytes(31).toString('base64')]],
    ['one that is too long', [randomBytes(33).toString('base64')]],
    ['one in hexadecimal', [randomBytes(32).toString('hex')]],
    ['one with a letter that base64 has not', [`!${KEY.slice(1)}`]],
    ['one that is no text', [5 as unknown as string]],
    ['an empty one', ['']],
    ['no list', KEY as unknown as string[]],
  ])('says of %s that it is no key, and does not print it', (_what, keys) => {
    let said: unknown;
    try {
      aesGCM({ keys });
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({
      code: 'INVALID_ENCRYPTION_KEY',
      nextStep: expect.stringContaining('openssl'),
    });
    for (const key of [keys].flat()) {
      if (String(key).length > 1) expect(inspect(said, { depth: 9 })).not.toContain(String(key).slice(1, 9));
    }
  });

  test('says that it has no key where neither the option nor the environment gives one', () => {
    process.env = { ...env, PAYLOAD_KV_ENCRYPTION_KEYS: '' };
    expect(() => aesGCM()).toThrow(expect.objectContaining({ code: 'INVALID_ENCRYPTION_KEY' }));
  });

  test('shows no key to whoever prints it', async () => {
    const encryption = aesGCM({ keys: [KEY] });
    const look = () =>
      inspect([encryption, createEnvelope({ encryption }), payloadKV({ store: memory(), encryption })], {
        depth: 20,
        showHidden: true,
      }) + JSON.stringify(encryption);
    const before = look();
    await sealed(result, { encryption });
    for (const text of [before, look()]) {
      for (const form of ['base64', 'hex', 'latin1'] as const) {
        expect(text).not.toContain(Buffer.from(KEY, 'base64').toString(form).slice(2, 12));
      }
      expect(text).not.toContain([...Buffer.from(KEY, 'base64')].slice(0, 4).join(', '));
    }
  });

  test('in an option of payloadKV is not printed where it should have been made by aesGCM()', () => {
    const options = { store: memory(), encryption: KEY as never };
    let said: unknown;
    try {
      payloadKV(options);
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({ code: 'INVALID_POLICY', message: expect.stringContaining('aesGCM()') });
    expect(inspect(said)).not.toContain(KEY);
  });
});

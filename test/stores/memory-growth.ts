/**
 * Fills a memory store and prints by how much this process grew, as JSON. Run with `--expose-gc`; its arguments are the
 * kind of text, the store's bounds, how many entries, and the order in which they give way; those of kinds of results are read, so that they are decoded.
 */
import { decodeEntry, encodeEntry, encodeResult } from '../../src/runtime/entry/entry.js';
import { byCost } from '../../src/stores/eviction/by-cost.js';
import { tinyLFU } from '../../src/stores/eviction/tiny-lfu.js';
import { memory } from '../../src/stores/memory.js';

const [kind = '', maxBytes = '', maxEntries = '', count = '100000', order = ''] = process.argv.slice(2);
const LENGTH = 2_048;
const page = 'A page of some length. '.repeat(2_000);

/** Texts of 2 KB, each in the way that V8 may come to hold it. */
const KINDS: Record<string, (index: number) => string> = {
  latin1: (index) => `${index}-`.padEnd(LENGTH, 'é'),
  'two bytes': (index) => `${index}-`.padEnd(LENGTH / 2, '日'),
  'joined from parts': (index) => {
    let text = `${index}-`;
    while (text.length < LENGTH) text += `part ${text.length} of ${index}, and what goes with it; `;
    return text;
  },
  'cut from a larger one': (index) => `${index}-${page}`.replace('page', 'leaf').slice(0, LENGTH),
  'cut from one of two bytes': (index) => `${index}-日${page}`.replace('page', 'leaf').slice(10, 10 + LENGTH),
};

const listOf = <Item>(length: number, make: (index: number) => Item): Item[] =>
  Array.from({ length }, (_, index) => make(index));

/** Results whose entries are of about 2 KB. */
const RESULTS: Record<string, (index: number) => unknown> = {
  documents: (index) => ({
    docs: listOf(4, (place) => ({
      id: index * 10 + place,
      title: `Title ${index} ${place}`,
      slug: `post-${index}-${place}`,
      author: { relationTo: 'authors', value: place },
      content: {
        root: { type: 'root', version: 1, children: [{ type: 'text', text: `text ${index} `.repeat(8) }] },
      },
      tags: [1, 2, index],
      _status: 'published',
      updatedAt: '2026-01-01T00:00:00.000Z',
    })),
    totalDocs: 4,
  }),
  'names that are data': (index) =>
    Object.fromEntries(listOf(60, (place) => [`document ${index} ${place}`, { likes: place }])),
  'names like indices': (index) =>
    Object.fromEntries(listOf(80, (place) => [`${(index + place) * 77}`, place])),
  'objects of nothing': () => listOf(600, () => ({})),
  'lists of one': (index) => listOf(300, (place) => [index + place]),
  numbers: (index) => listOf(100, (place) => ({ latitude: index + place / 7, longitude: place / 3 })),
  dates: (index) => listOf(40, (place) => ({ at: new Date(index + place) })),
  'two bytes for each character': (index) => ({ text: `${index}`.padEnd(600, '日') }),
};

function used(): number {
  // Twice: the first collection may leave what finalizers still hold.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const header = {
  tags: ['posts', 'posts*'],
  versions: ['version-1', 'version-2'],
  askedAt: Date.now(),
  ttl: 300,
};

function textOfResult(index: number): string {
  const encoded = encodeResult(RESULTS[kind]?.(index));
  if (!encoded) throw new Error('not encodable');
  return encodeEntry({ key: keyOf(index), ...header }, encoded);
}

const keyOf = (index: number): string => `payload-cache:posts:find:${`${index}`.padStart(43, 'k')}`;

/** Reads an entry as the cache does. */
function readDecoded(store: ReturnType<typeof memory>, key: string): void {
  const value = store.get(key) as string | undefined;
  const entry = value === undefined ? undefined : decodeEntry(value);
  if (value !== undefined && entry)
    store.decoded?.offer(key, value, () => store.decoded?.copyable?.(entry.result())?.entry(entry));
}

const text = RESULTS[kind] ? textOfResult : KINDS[kind];
if (!text || !globalThis.gc) throw new Error('Run with --expose-gc and a kind of text.');

// What the first use of a store loads is not its content.
const first = memory();
first.set('first', text(0), 300);
const before = used();
const eviction = order === 'tiny-lfu' ? tinyLFU() : order === 'cost' ? byCost() : undefined;
const store = memory({
  maxBytes: Number(maxBytes),
  maxEntries: Number(maxEntries),
  ...(eviction && { eviction }),
});
for (let index = 0; index < Number(count); index++) store.set(keyOf(index), text(index), 300.5, index / 7);
if (RESULTS[kind]) for (let index = Number(count) - 1; index >= 0; index--) readDecoded(store, keyOf(index));
const growth = used() - before;
let decoded = 0;
for (let index = 0; index < Number(count); index++) if (store.decoded?.get(keyOf(index))) decoded += 1;
let entries = 0;
let characters = 0;
for await (const keys of store.list(''))
  for (const key of keys) {
    entries += 1;
    characters += (store.get(key) as string).length;
  }
console.log(JSON.stringify({ growth, entries, characters, decoded }));

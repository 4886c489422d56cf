/**
 * Fills a memory store and prints by how much this process grew, as JSON. Run with `--expose-gc`; its arguments are the
 * kind of text and the store's bounds.
 */
import { memory } from '../../src/stores/memory.js';

const [kind = '', maxBytes = '', maxEntries = ''] = process.argv.slice(2);
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

function used(): number {
  // Twice: the first collection may leave what finalizers still hold.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const text = KINDS[kind];
if (!text || !globalThis.gc) throw new Error('Run with --expose-gc and a kind of text.');

// What the first use of a store loads is not its content.
const first = memory();
first.set('first', text(0), 300);
const before = used();
const store = memory({ maxBytes: Number(maxBytes), maxEntries: Number(maxEntries) });
for (let index = 0; index < 100_000; index++) {
  store.set(`payload-cache:posts:find:${`${index}`.padStart(43, 'k')}`, text(index), 300.5);
}
const growth = used() - before;
let entries = 0;
for await (const keys of store.list('')) entries += keys.length;
console.log(JSON.stringify({ growth, entries }));

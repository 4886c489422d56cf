/**
 * Comes in: a real blog, with functions that make what its pages show. Goes out: on which tags each result depends, which
 * tags one write has replaced, and which results were made anew after it.
 */

import { decodeEntry } from '../../src/runtime/entry/entry.js';
import { cached, memory, payloadKV, type Store, settleCache } from '../../src/runtime/index.js';
import { startBlog } from '../../test/support/payload.js';
import { escaped, picture } from './svg.js';

/** What was kept of one page, and what became of it. */
interface Kept {
  name: string;
  tags: string[];
  isStale: boolean;
}

type Content = Parameters<Parameters<typeof cached>[0]>[0]['req'];

/** What the pages show. None names a tag. */
const PAGES: readonly [name: string, read: (req: Content) => Promise<unknown>][] = [
  ['the page of a post by Ada', (req) => post(req, 'post-0')],
  ['the page of a post by Ben', (req) => post(req, 'post-1')],
  ['the page of Ada', (req) => req.payload.findByID({ collection: 'authors', id: 1, depth: 0, req })],
  [
    'titles of all posts',
    (req) => req.payload.find({ collection: 'posts', depth: 0, select: { title: true }, limit: 50, req }),
  ],
  ['the header', (req) => req.payload.findGlobal({ slug: 'header', depth: 0, req })],
];

const post = (req: Content, slug: string) =>
  req.payload.find({
    collection: 'posts',
    where: { slug: { equals: slug } },
    select: { title: true, author: true },
    populate: { authors: { name: true } },
    depth: 1,
    limit: 1,
    pagination: false,
    req,
  });

/** Shows it. */
export async function drawWritePath(): Promise<string> {
  const stored = new Map<string, string>();
  const replaced: string[] = [];
  const inner = memory();
  const store: Store = {
    ...inner,
    set: (key, value, ttl) => {
      stored.set(key, value);
      return inner.set(key, value, ttl);
    },
    setMany: (writes) => {
      for (const { key, value } of writes) stored.set(key, value);
      return inner.setMany(writes);
    },
  };
  const blog = await startBlog({
    seed: 12,
    plugins: [
      payloadKV({
        store,
        collections: { posts: { slices: ['slug'] }, authors: {}, media: {}, categories: {} },
        hooks: { all: ({ tags }) => void replaced.push(...tags) },
      }),
    ],
  });
  try {
    const { payload } = blog;
    const runs = new Map<string, number>();
    const look = async () => {
      for (const [name, read] of PAGES) {
        await cached(
          ({ req }) => {
            runs.set(name, (runs.get(name) ?? 0) + 1);
            return read(req);
          },
          { key: [name], namespace: 'pages', payload, shared: true },
        );
        await settleCache(payload);
      }
    };
    const tags = new Map<string, string[]>();
    for (const [name, read] of PAGES) {
      stored.clear();
      await cached(({ req }) => read(req), { key: [name], namespace: 'pages', payload, shared: true });
      await settleCache(payload);
      const text = [...stored].find(([key]) => key.includes('fn:'))?.[1];
      // What stands before the first colon says in which form it is.
      const entry = text === undefined ? undefined : decodeEntry(text.slice(text.indexOf(':') + 1));
      if (!entry) throw new Error(`Nothing was stored of ${name}.`);
      tags.set(
        name,
        entry.tags.filter((tag) => !tag.startsWith('/') && !tag.startsWith('posts?slug+')),
      );
    }
    await look();
    if (runs.size > 0) throw new Error('What was stored did not answer.');
    replaced.length = 0;
    await payload.update({ collection: 'authors', id: 1, data: { name: 'Ada Lovelace' } });
    await look();
    const kept = PAGES.map(([name]) => ({ name, tags: tags.get(name) ?? [], isStale: runs.has(name) }));
    return drawn(kept, [...new Set(replaced)].sort());
  } finally {
    await blog.stop();
  }
}

const LINE = 17;

function drawn(kept: readonly Kept[], replaced: readonly string[]): string {
  const parts: string[] = [];
  const lines: string[] = [];
  const spots = new Map(replaced.map((tag, index) => [tag, 116 + index * 26]));
  let y = 60;
  for (const { name, tags, isStale } of kept) {
    const height = 30 + tags.length * LINE + 6;
    parts.push(`<rect class="box" x="16" y="${y}" width="330" height="${height}" rx="6"/>
<text x="28" y="${y + 20}" font-weight="600">${escaped(name)}</text>
<text class="small end ${isStale ? 'old' : 'kept'}" x="334" y="${y + 20}">${isStale ? 'made anew' : 'still answers'}</text>`);
    for (const [index, tag] of tags.entries()) {
      const at = y + 38 + index * LINE;
      const spot = spots.get(tag);
      parts.push(
        `<text class="small code ${spot === undefined ? 'mute' : 'old'}" x="40" y="${at}">${escaped(tag)}</text>`,
      );
      if (spot !== undefined)
        lines.push(`<path class="link" d="M560 ${spot - 4} C 470 ${spot - 4} 440 ${at - 4} 346 ${at - 4}"/>`);
    }
    y += height + 12;
  }
  const right = [...spots].map(
    ([tag, at]) => `<text class="small code old" x="572" y="${at}">${escaped(tag)}</text>`,
  );
  const height = Math.max(y, 116 + replaced.length * 26) + 8;
  return picture(
    { width: 780, height },
    'How a write finds what depends on it',
    `<style>.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}.old{fill:#bc4c00}.kept{fill:#1a7f37}.link{fill:none;stroke:#bc4c00;stroke-width:1.3;opacity:.7}
@media (prefers-color-scheme:dark){.old{fill:#f0883e}.kept{fill:#3fb950}.link{stroke:#f0883e}}</style>
<text class="head" x="16" y="28">What is kept, and what it was heard to read</text>
<text class="head" x="560" y="28">A write</text>
${lines.join('\n')}
${parts.join('\n')}
<rect class="box" x="560" y="60" width="204" height="${40 + replaced.length * 26}" rx="6"/>
<text x="572" y="82" font-weight="600">Ada is renamed</text>
<text class="small mute" x="572" y="98">and these have new versions:</text>
${right.join('\n')}`,
  );
}

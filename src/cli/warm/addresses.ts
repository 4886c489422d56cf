/** Where the addresses come from that `warm` asks for, beside a sitemap. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PayloadKVError } from '../../errors.js';
import { isObject } from '../../platform/is-object.js';
import { isAddressable } from '../site/site-address.js';
import { bytesOf, parsed } from '../site/site-answer.js';
import type { Source } from '../site/source.js';
import type { Found } from './sitemap.js';
import type { Visitor } from './visitor.js';

/** Documents that a list is asked for at once. */
const PAGE = 100;
const LONGEST_LIST_MB = 64;
const MOST_ADDRESSES = 500_000;

/**
 * The addresses in a file or stream, one a line; paths count from the site's own address. Lines that begin with `#` say
 * nothing.
 * @throws PayloadKVError `FILE_UNREADABLE`
 */
export async function readAddresses(
  file: string | undefined,
  { cwd, origin, stdin }: { cwd: string; origin: string; stdin: Readable },
): Promise<Found> {
  const input = file === undefined || file === '-' ? stdin : createReadStream(path.resolve(cwd, file));
  const addresses = new Set<string>();
  const found: Found = { addresses: [], elsewhere: 0 };
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const text = line.trim();
      if (text === '' || text.startsWith('#')) continue;
      const url = URL.canParse(text, origin) ? new URL(text, origin) : undefined;
      if (url?.origin === origin) {
        url.hash = '';
        url.username = '';
        url.password = '';
        if (addresses.size < MOST_ADDRESSES) addresses.add(url.href);
      } else {
        found.elsewhere += 1;
        if (url) found.origin ??= url.origin;
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PayloadKVError({
      code: 'FILE_UNREADABLE',
      message: `${file} cannot be read${code === undefined ? '' : ` (${code})`}.`,
      nextStep: 'Name a file with one address a line, or - for standard input.',
      cause: error,
    });
  }
  return { ...found, addresses: [...addresses] };
}

/** How collections are read. */
export interface CollectionsOptions {
  api: string;
  visitor: Visitor;
  /** Ids of documents that need not be asked for, by collection. */
  freshIds?: (slug: string) => Promise<ReadonlySet<string>>;
  onCollection(slug: string): void;
  onSkipped(slug: string, why: string): void;
  onFresh(count: number): void;
}

/** The address of each document of the collections, found by lists of ids, which are asked for as they are used up. */
export async function* documentsOf(
  slugs: readonly string[],
  options: CollectionsOptions,
): AsyncGenerator<string> {
  const { api, visitor, freshIds, onCollection, onSkipped, onFresh } = options;
  for (const slug of slugs) {
    onCollection(slug);
    const base = `${api}/${encodeURIComponent(slug)}`;
    const fresh = await freshIds?.(slug);
    for (let page = 1; ; page += 1) {
      const list = await visitor.get(`${base}?limit=${PAGE}&page=${page}&depth=0&select[id]=true`, {
        accept: 'application/json',
      });
      const bytes = list.status === 200 ? await bytesOf(list, LONGEST_LIST_MB) : undefined;
      const { docs, hasNextPage } = (bytes && (parsed(bytes.toString('utf8')) as Page | null)) ?? {};
      if (!Array.isArray(docs)) {
        await list.body?.cancel().catch(() => undefined);
        onSkipped(slug, whyNot(list.status));
        break;
      }
      for (const document of docs) {
        const id = isObject(document) ? (document as { id?: unknown }).id : undefined;
        if (!isAddressable(id)) continue;
        if (fresh?.has(String(id).toLowerCase())) onFresh(1);
        else yield `${base}/${encodeURIComponent(id)}`;
      }
      if (hasNextPage !== true || docs.length === 0) break;
    }
  }
}

/** What is read of an answer of Payload's REST. */
interface Page {
  docs?: unknown;
  hasNextPage?: unknown;
}

function whyNot(status: number): string {
  if (status === 401 || status === 403) return 'only who is logged in may read it';
  return status === 200 ? 'its answer has no documents' : `the site answers ${status}`;
}

/** Pages of entries that are looked at for one collection, and entries of a page. */
const [MOST_PAGES, ENTRIES] = [50, 200];

/** The ids of a collection's documents of which the cache holds a fresh entry of its own. */
export async function freshDocuments(source: Source, slug: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { entries, cursor: next } = await source.entries({
      collection: slug,
      limit: ENTRIES,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { fresh, operation, tags } of entries) {
      const own = tags.filter((tag) => tag.startsWith(`${slug}#`));
      // A list has the documents' tags too, and is another query.
      if (fresh === true && operation === 'findOne' && own.length === 1)
        ids.add(decodeURIComponent(own[0]!.slice(slug.length + 1)));
    }
    if (next === null) break;
    cursor = next;
  }
  return ids;
}

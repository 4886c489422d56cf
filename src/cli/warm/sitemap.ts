/** The addresses of a site's sitemap: of one file, or of an index and all that it names, compressed or not. */

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { PayloadKVError } from '../../errors.js';
import { bytesOf } from '../site/site-answer.js';
import type { Visitor } from './visitor.js';

/** The most that the protocol lets a sitemap have, uncompressed. https://www.sitemaps.org/protocol.html */
const LONGEST_MB = 50;
/** Files of an index that are read, and addresses in all: more than a terminal should ask for at once. */
const [MOST_FILES, MOST_ADDRESSES] = [1_000, 500_000];

/** What was found. */
export interface Found {
  addresses: string[];
  /** Addresses of other origins, which are never asked, and one of those origins. */
  elsewhere: number;
  origin?: string;
}

/**
 * Reads a sitemap, and those that it names. Nothing of another origin is asked for.
 * @throws PayloadKVError `SITEMAP_NOT_FOUND`, `SITEMAP_NOT_UNDERSTOOD`, and what the visitor throws
 */
export async function readSitemap(
  address: string,
  visitor: Visitor,
  onFile: (address: string) => void,
): Promise<Found> {
  const waiting = [address];
  const seen = new Set(waiting);
  const addresses = new Set<string>();
  const found: Found = { addresses: [], elsewhere: 0 };
  /** An address of the site itself. */
  const own = (location: string): string | undefined => {
    const url = URL.canParse(location, address) ? new URL(location, address) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) return undefined;
    if (url.origin !== visitor.origin) {
      found.elsewhere += 1;
      found.origin ??= url.origin;
      return undefined;
    }
    url.hash = '';
    url.username = '';
    url.password = '';
    return url.href;
  };
  for (const file of waiting) {
    onFile(file);
    const { isIndex, locations } = read(await textOf(file, visitor), file);
    for (const location of locations) {
      const whole = own(location);
      if (whole === undefined) continue;
      if (!isIndex) {
        if (addresses.size < MOST_ADDRESSES) addresses.add(whole);
      } else if (!seen.has(whole) && seen.size < MOST_FILES) {
        seen.add(whole);
        waiting.push(whole);
      }
    }
  }
  return { ...found, addresses: [...addresses] };
}

async function textOf(file: string, visitor: Visitor): Promise<string> {
  const response = await visitor.get(file);
  if (response.status !== 200) {
    throw new PayloadKVError({
      code: 'SITEMAP_NOT_FOUND',
      message: `There is no sitemap at ${file}: it answers ${response.status}.`,
      nextStep: 'Name the right one, e.g. payload-kv warm --from sitemap /server-sitemap.xml.',
    });
  }
  const bytes = await bytesOf(response, LONGEST_MB);
  if (!bytes) throw notUnderstood(file, `it is larger than ${LONGEST_MB} MB`);
  // What was compressed on its way is plain by now; a file that ends with .gz is not.
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isCompressed) return bytes.toString('utf8');
  try {
    const plain = await promisify(gunzip)(bytes, { maxOutputLength: LONGEST_MB * 1024 * 1024 });
    return plain.toString('utf8');
  } catch {
    throw notUnderstood(file, 'it cannot be unpacked');
  }
}

/** Sitemaps are simple enough to be read without a parser: what counts stands in `<loc>`. */
function read(text: string, file: string): { isIndex: boolean; locations: string[] } {
  const plain = text.replace(/<!--[\s\S]*?-->/g, '');
  const [, root] = /<(?:\w+:)?(sitemapindex|urlset)[\s>]/.exec(plain) ?? [];
  if (root === undefined) throw notUnderstood(file, 'it is neither a `urlset` nor a `sitemapindex`');
  const locations = [
    ...plain.matchAll(/<(?:sm:|sitemap:)?loc>\s*([^<]*?|<!\[CDATA\[[\s\S]*?\]\]>)\s*<\//g),
  ].map(([, location]) => textIn(location!));
  return { isIndex: root === 'sitemapindex', locations };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function textIn(xml: string): string {
  const [, verbatim] = /^<!\[CDATA\[([\s\S]*)\]\]>$/.exec(xml) ?? [];
  if (verbatim !== undefined) return verbatim.trim();
  return xml.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function notUnderstood(file: string, why: string): PayloadKVError {
  return new PayloadKVError({
    code: 'SITEMAP_NOT_UNDERSTOOD',
    message: `What ${file} answers is no sitemap: ${why}.`,
    nextStep: 'Name the right one, e.g. payload-kv warm --from sitemap /server-sitemap.xml.',
  });
}

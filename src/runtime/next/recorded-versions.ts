/** What something that Next made is kept under. */
import type { LivingSite, Versions } from './living-site.js';
import { ANY_NEXT_TAG, ANY_PATH, nextTag } from './next-tags.js';
import { readTags } from './page-tags.js';

/** Tags of what is kept: their versions are asked for each time that it is served. */
const MOST_TAGS = 1_000;
/** No version: what began to be made where nobody knew the versions is not kept. */
export const UNKNOWN_VERSION = '';

/** The version that stands for all of Next's own tags, asked for before something is made. */
export async function versionOfNext(site: LivingSite): Promise<string> {
  return (await site.versionsOf([ANY_NEXT_TAG]))?.[0] ?? UNKNOWN_VERSION;
}

/**
 * The tags of something, with the version of each: ours from before the database was asked, Next's own as they are now.
 * `undefined` where it must not be kept.
 *
 * @param before the version that stood for all of Next's own tags before it was made
 */
export async function versionsOf(
  site: LivingSite,
  tags: readonly string[],
  followsPaths: boolean,
  before: string | undefined,
): Promise<Versions | undefined> {
  const read = readTags(tags);
  if (!read.mayKeep) return undefined;
  const own = [...read.versions];
  if (own.length > MOST_TAGS || !site.mayKeep(own)) return undefined;
  const others = [...new Set(read.others.map(nextTag)), ...(followsPaths ? [ANY_PATH] : [])];
  const current = await site.versionsOf([ANY_NEXT_TAG, ...others]);
  if (!current) return undefined;
  // The site has revalidated something while this was made: perhaps what it is made of.
  if (before !== undefined && current[0] !== before) return undefined;
  return [...own, ...others.map((tag, index): [string, string] => [tag, current[index + 1] as string])];
}

/** Tags that Next and the site have of their own, in the registry: so that `revalidateTag` and `revalidatePath` go on to work. */
import { tagName } from '../../interfaces/keys.js';

/** Begins them. No tag of a collection or a global has a colon. */
export const NEXT_TAG = 'next:';

/** Changes with each of them. */
export const ANY_NEXT_TAG = `${NEXT_TAG}*`;
/** Changes whenever the site revalidates a path. */
export const ANY_PATH = `${NEXT_TAG}_N_T_*`;

/** What Next puts before a path to make it a tag. */
const PATH_TAG = '_N_T_';

/** A tag of Next or the site, as the registry knows it. */
export const nextTag = (tag: string): string => NEXT_TAG + tagName(tag);

/** What the registry replaces when these tags are revalidated. */
export function replacedBy(tags: readonly string[]): string[] {
  const paths = tags.some((tag) => tag.startsWith(PATH_TAG)) ? [ANY_PATH] : [];
  return [...tags.map(nextTag), ANY_NEXT_TAG, ...paths];
}

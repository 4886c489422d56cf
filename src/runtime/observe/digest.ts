/** Numbers that stand for texts: two that are alike are so by chance once in 2^32. For counting, and nothing else. */

/** The number to begin with: FNV-1a. */
export const EMPTY_DIGEST = 0x811c9dc5;

/** The number of one more text, behind those that `before` stands for. */
export function digestOf(text: string, before = EMPTY_DIGEST): number {
  let digest = before;
  for (let index = 0; index < text.length; index++) {
    digest = Math.imul(digest ^ text.charCodeAt(index), 0x01000193);
  }
  // Where one text ends and the next begins makes a difference.
  return Math.imul(digest ^ 0x10000, 0x01000193);
}

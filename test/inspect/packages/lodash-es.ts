/** Of the values of an object. */
export const values = <T>(all: Record<string, T>): T[] => Object.values(all);

/** Merges the second and third into the first, one level deep. */
export const merge = <A, B, C>(one: A, two: B, three: C): A & B & C =>
  Object.assign(one as object, two, three) as A & B & C;

/** Whether a version lies in a range of comparators such as `>=3.87.1 <4`. A pre-release counts as its release. */
export function inRange(version: string, range: string): boolean {
  return range.split(/\s+/).every((comparator) => {
    const match = /^(>=|<)(.+)$/.exec(comparator);
    if (!match) throw new Error(`the range ${range} is not one of >= and <`);
    const order = compareVersions(version, match[2]!);
    return match[1] === '<' ? order < 0 : order >= 0;
  });
}

/** Negative where `a` is older than `b`, by major, minor and patch. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let position = 0; position < 3; position++) {
    const difference = (left[position] ?? 0) - (right[position] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return version.split(/[-+]/)[0]!.split('.').map(Number);
}

/** A range's stretch of versions: from one on, and below another. */
interface Stretch {
  from: Version;
  below: Version;
}

type Version = readonly [number, number, number];

const FIRST: Version = [0, 0, 0];
const NEVER: Version = [Number.POSITIVE_INFINITY, 0, 0];

/**
 * Whether a version lies in a range such as `>=3.44.0 <4` or `^3.50.0 || 3.40.x`. A pre-release counts as its release.
 * `undefined` where the range is none of versions: a tag, a path, a URL.
 */
export function satisfies(version: string, range: string): boolean | undefined {
  const at = versionOf(version);
  return stretchesOf(range)?.some(({ from, below }) => compare(at, from) >= 0 && compare(at, below) < 0);
}

/** Whether a version lies in a range of comparators such as `>=3.44.0 <4`. A pre-release counts as its release. */
export function inRange(version: string, range: string): boolean {
  const lies = satisfies(version, range);
  if (lies === undefined) throw new Error(`${range} is no range of versions`);
  return lies;
}

/** Whether all that one range allows is older than what another begins with. Not known of what is no range of versions. */
export function liesBelow(range: string, other: string): boolean {
  const stretches = stretchesOf(range);
  const [first] = stretchesOf(other) ?? [];
  return first !== undefined && (stretches?.every(({ below }) => compare(below, first.from) <= 0) ?? false);
}

/** Whether some version lies in both ranges. Not known, and `undefined`, of what is no range of versions. */
export function overlaps(range: string, other: string): boolean | undefined {
  const [ours, theirs] = [stretchesOf(range), stretchesOf(other)];
  if (!ours || !theirs) return undefined;
  return ours.some((one) => theirs.some((another) => isStretch(shared(one, another))));
}

/** Whether a version is a pre-release such as `3.91.0-canary.2`. */
export function isPrerelease(version: string): boolean {
  return /^v?\d+\.\d+\.\d+-/.test(version);
}

/**
 * Whether a range lets a version in that may be a pre-release: npm wants it to name one of the same release, what else
 * lies in it or not. Of what is no range of versions, any.
 */
export function allowsPrerelease(version: string, range: string): boolean {
  if (!isPrerelease(version) || stretchesOf(range) === undefined) return true;
  return range.includes(`${versionOf(version).join('.')}-`);
}

/** Negative where `a` is older than `b`, by major, minor and patch. */
export function compareVersions(a: string, b: string): number {
  return compare(versionOf(a), versionOf(b));
}

function compare(one: Version, other: Version): number {
  for (let position = 0; position < 3; position++) {
    const [left, right] = [one[position] as number, other[position] as number];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function versionOf(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.split(/[-+]/)[0]!.split('.').map(Number);
  return [major, minor, patch];
}

function stretchesOf(range: string): Stretch[] | undefined {
  const stretches: Stretch[] = [];
  for (const alternative of range.split('||')) {
    const text = alternative
      .trim()
      .replace(/^(\S+)\s+-\s+(\S+)$/, '>=$1 <=$2')
      .replace(/([<>=~^])\s+/g, '$1');
    let whole: Stretch = { from: FIRST, below: NEVER };
    for (const comparator of text.split(/\s+/)) {
      const stretch = stretchOf(comparator);
      if (!stretch) return undefined;
      whole = shared(whole, stretch);
    }
    if (isStretch(whole)) stretches.push(whole);
  }
  return stretches;
}

function shared(one: Stretch, other: Stretch): Stretch {
  return {
    from: compare(other.from, one.from) > 0 ? other.from : one.from,
    below: compare(other.below, one.below) < 0 ? other.below : one.below,
  };
}

function isStretch({ from, below }: Stretch): boolean {
  return compare(from, below) < 0;
}

function stretchOf(comparator: string): Stretch | undefined {
  const match =
    /^(\^|~>?|>=?|<=?|=)?v?(?:(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][\w.+-]+)?)?$/.exec(
      comparator,
    );
  if (!match) return undefined;
  const [, sign = '=', ...parts] = match;
  const given = parts.slice(0, 3).map((part) => (part === undefined ? Number.NaN : Number(part)));
  // What follows an `x` says nothing.
  const length = given.findIndex(Number.isNaN) === -1 ? 3 : given.findIndex(Number.isNaN);
  const at = (position: number): number => (position < length ? (given[position] as number) : 0);
  const version: Version = [at(0), at(1), at(2)];
  /** The first version that differs in one of the parts given. */
  const after = (position: number): Version =>
    position < 0
      ? NEVER
      : [
          version[0] + (position === 0 ? 1 : 0),
          position === 0 ? 0 : version[1] + (position === 1 ? 1 : 0),
          position === 2 ? version[2] + 1 : 0,
        ];
  switch (sign) {
    case '<':
      return { from: FIRST, below: version };
    case '<=':
      return { from: FIRST, below: after(length - 1) };
    case '>':
      return { from: after(length - 1), below: NEVER };
    case '>=':
      return { from: version, below: NEVER };
    case '^': {
      const first = version.findIndex((part) => part > 0);
      return { from: version, below: after(first === -1 ? length - 1 : Math.min(first, length - 1)) };
    }
    case '=':
      return { from: version, below: after(length - 1) };
    default:
      return { from: version, below: after(Math.min(1, length - 1)) };
  }
}

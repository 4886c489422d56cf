/** Numbers as whoever looks at them reads them. */

/** Writes numbers in one language. */
export interface Formats {
  count(value: number): string;
  /** A share of 1. */
  percent(share: number): string;
  /** A number of bytes. */
  bytes(bytes: number): string;
  /** A duration in milliseconds, in the largest unit that fits. */
  duration(milliseconds: number): string;
}

/** Payload's names of languages that are no language tags. */
const TAGS: Readonly<Record<string, string>> = {
  bnBd: 'bn-BD',
  bnIn: 'bn-IN',
  rs: 'sr',
  rsLatin: 'sr-Latn',
  zhTw: 'zh-TW',
};

/** Units, each with how many milliseconds it has. */
const DURATIONS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['millisecond', 1],
] as const;
const BYTES = [
  ['gigabyte', 1e9],
  ['megabyte', 1e6],
  ['kilobyte', 1e3],
  ['byte', 1],
] as const;

/** How numbers are written in a language, by Payload's name for it. */
export function formatsOf(language: string): Formats {
  const tag = tagOf(language);
  const plain = new Intl.NumberFormat(tag);
  const percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 });
  const inUnit = (
    value: number,
    units: readonly (readonly [unit: string, size: number])[],
    digits: 'few' | 'none',
  ) => {
    const [unit, size] = units.find(([, size]) => value >= size) ?? units.at(-1)!;
    const inIt = value / size;
    const maximumFractionDigits = digits === 'none' || inIt >= 100 ? 0 : inIt >= 1 || inIt === 0 ? 1 : 2;
    const format = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits } as const;
    return new Intl.NumberFormat(tag, format).format(inIt);
  };
  return {
    count: (value) => plain.format(Math.round(value)),
    percent: (share) => percent.format(share),
    bytes: (bytes) => inUnit(bytes, BYTES, bytes < 1_000 ? 'none' : 'few'),
    duration: (milliseconds) => inUnit(milliseconds, DURATIONS, 'few'),
  };
}

function tagOf(language: string): string {
  const tag = TAGS[language] ?? language;
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? 'en';
  } catch {
    return 'en';
  }
}

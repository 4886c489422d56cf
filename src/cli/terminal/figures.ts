/** Numbers as a person reads them. */

/** A count: `12,345`, or `12.3 M`. */
export function countText(count: number): string {
  if (count >= 10_000_000) return `${(count / 1_000_000).toFixed(1)} M`;
  return Math.round(count).toLocaleString('en-US');
}

/** A share of one, or `-` of nothing. */
export function percentText(part: number, whole: number): string {
  if (whole <= 0) return '-';
  const percent = (100 * part) / whole;
  // What is nearly all is not all.
  const shown = percent > 99.9 && part < whole ? 99.9 : percent;
  return `${shown.toFixed(1)} %`;
}

/** Milliseconds, with their unit. */
export function millisecondsText(ms: number): string {
  if (ms < 1_000) return `${plainMilliseconds(ms)} ms`;
  return secondsText(ms / 1_000);
}

/** Milliseconds without their unit, as a column has it in its title. */
export function plainMilliseconds(ms: number): string {
  return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

/** Seconds, in the unit that a person would take. */
export function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 && !Number.isInteger(seconds) ? 1 : 0)} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86_400) {
    const minutes = Math.round(seconds / 60);
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  return `${Math.round(seconds / 86_400)} d`;
}

/** Bytes, in the unit that a person would take. */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

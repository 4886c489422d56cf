import { PayloadKVError } from './errors.js';

/** A duration: seconds as a number, or text such as `'30s'`, `'5m'`, `'2h'`, `'7d'`. */
export type Duration = number | `${number}${'s' | 'm' | 'h' | 'd'}`;

const SECONDS_PER_UNIT = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
type Unit = keyof typeof SECONDS_PER_UNIT;

/** Largest duration accepted, ten years in seconds: beyond it a typing error is likelier than an intention. */
const LONGEST = 315_360_000;

/**
 * Turns a duration into whole seconds.
 *
 * @param value seconds, or text such as `'30s'`, `'5m'`, `'2h'`, `'7d'`; `'300'` is 300 seconds
 * @param name what the value is called where the user wrote it, for the error
 * @throws PayloadKVError `INVALID_DURATION` for anything that is not a positive whole number of seconds
 */
export function parseDuration(value: unknown, name = 'duration'): number {
  let seconds = Number.NaN;
  if (typeof value === 'number') seconds = value;
  else if (typeof value === 'string') {
    const match = /^(\d{1,10})([smhd])?$/.exec(value.trim());
    if (match) seconds = Number(match[1]) * SECONDS_PER_UNIT[(match[2] ?? 's') as Unit];
  }
  if (!Number.isInteger(seconds) || seconds <= 0 || seconds > LONGEST) {
    throw new PayloadKVError({
      code: 'INVALID_DURATION',
      message: `${name} must be a positive whole number of seconds or a duration such as "5m", not ${JSON.stringify(value)}.`,
      nextStep: 'Write for example 300, "30s", "5m", "2h" or "7d".',
    });
  }
  return seconds;
}

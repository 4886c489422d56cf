import { parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import { type Environment, processEnvironment } from '../../platform/environment.js';
import type { PayloadKVOptions } from './options.js';

/** The options as a deployment changes them. */
export interface DeployedOptions {
  options: PayloadKVOptions;
  /**
   * Whether reads are answered from the cache. Turned off by a variable, writes go on to make stale: entries outlive
   * the time in which nobody reads them.
   */
  answers: boolean;
}

/** Reads the value of a variable, and throws where it can be none. */
type Reader<Value> = (value: string, name: string) => Value;

const asItIs = (value: string): string => value;
const durationOrOff: Reader<number | false> = (value, name) =>
  value === '0' || value === 'false' ? false : parseDuration(value, name);

/** The options that a variable wins over, each with how that is read. */
const OPTIONS: { readonly [option in keyof PayloadKVOptions]?: Reader<unknown> } = {
  ttl: parseDuration,
  negativeTtl: durationOrOff,
  swr: durationOrOff,
  staleIfError: durationOrOff,
  namespace: asItIs,
  database: asItIs,
  build: asItIs,
  consistency: (value, name) =>
    value === 'strong' || value === 'eventual' ? value : { bounded: parseDuration(value, name) },
  timeout: milliseconds,
  debug: truth,
};

/** The name of an option's variable: `PAYLOAD_KV_NEGATIVE_TTL` for `negativeTtl`. */
const variableOf = (option: string): string => `PAYLOAD_KV_${option.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

/**
 * Takes over what the environment says. A variable that is set wins over the option in code, an empty one is not set.
 *
 * @throws PayloadKVError `INVALID_ENVIRONMENT` or `INVALID_DURATION`, naming the variable
 */
export function withEnvironment(
  options: PayloadKVOptions,
  environment: Environment = processEnvironment(),
): DeployedOptions {
  const changed: Record<string, unknown> = { ...options };
  const read = <Value>(option: string, reader: Reader<Value>): Value | undefined => {
    const name = variableOf(option);
    const value = environment[name]?.trim();
    return value ? reader(value, name) : undefined;
  };
  for (const [option, reader] of Object.entries(OPTIONS)) {
    const value = read(option, reader);
    if (value !== undefined) changed[option] = value;
  }
  const enabled = read('enabled', truth);
  if (enabled) changed.enabled = true;
  return { options: changed as unknown as PayloadKVOptions, answers: enabled !== false };
}

function truth(value: string, name: string): boolean {
  if (/^(true|1|on|yes)$/i.test(value)) return true;
  if (/^(false|0|off|no)$/i.test(value)) return false;
  throw invalid(name, '"true" or "false"', value);
}

function milliseconds(value: string, name: string): number {
  if (!/^[1-9]\d{0,5}$/.test(value)) throw invalid(name, 'a whole number of milliseconds, at least 1', value);
  return Number(value);
}

/**
 * A positive whole number, as a variable has it.
 *
 * @throws PayloadKVError `INVALID_ENVIRONMENT`, naming the variable
 */
export function wholeNumber(value: string, name: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw invalid(name, 'a whole number, at least 1', value);
  return Number(value);
}

function invalid(name: string, expected: string, value: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_ENVIRONMENT',
    message: `The environment variable ${name} must be ${expected}, not ${JSON.stringify(value)}.`,
    nextStep: `Correct ${name} where the site is deployed, or remove it.`,
  });
}

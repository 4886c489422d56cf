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

/**
 * Takes over what the environment says. A variable that is set wins over the option in code, an empty one is not set.
 *
 * @throws PayloadKVError `INVALID_ENVIRONMENT` or `INVALID_DURATION`, naming the variable
 */
export function withEnvironment(
  options: PayloadKVOptions,
  environment: Environment = processEnvironment(),
): DeployedOptions {
  const changed: PayloadKVOptions = { ...options };
  const said = (name: string): string | undefined => environment[name]?.trim() || undefined;

  const ttl = said('PAYLOAD_KV_TTL');
  if (ttl !== undefined) changed.ttl = parseDuration(ttl, 'PAYLOAD_KV_TTL');
  for (const [name, option] of [
    ['PAYLOAD_KV_NEGATIVE_TTL', 'negativeTtl'],
    ['PAYLOAD_KV_SWR', 'swr'],
    ['PAYLOAD_KV_STALE_IF_ERROR', 'staleIfError'],
  ] as const) {
    const value = said(name);
    if (value !== undefined)
      changed[option] = value === '0' || value === 'false' ? false : parseDuration(value, name);
  }

  const namespace = said('PAYLOAD_KV_NAMESPACE');
  if (namespace !== undefined) changed.namespace = namespace;
  const database = said('PAYLOAD_KV_DATABASE');
  if (database !== undefined) changed.database = database;

  const consistency = said('PAYLOAD_KV_CONSISTENCY');
  if (consistency === 'strong' || consistency === 'eventual') changed.consistency = consistency;
  else if (consistency !== undefined)
    changed.consistency = { bounded: parseDuration(consistency, 'PAYLOAD_KV_CONSISTENCY') };

  const timeout = said('PAYLOAD_KV_TIMEOUT');
  if (timeout !== undefined) {
    if (!/^[1-9]\d{0,5}$/.test(timeout))
      throw invalid('PAYLOAD_KV_TIMEOUT', 'a whole number of milliseconds, at least 1', timeout);
    changed.timeout = Number(timeout);
  }

  const debug = truth('PAYLOAD_KV_DEBUG', said('PAYLOAD_KV_DEBUG'));
  if (debug !== undefined) changed.debug = debug;

  const enabled = truth('PAYLOAD_KV_ENABLED', said('PAYLOAD_KV_ENABLED'));
  if (enabled) changed.enabled = true;
  return { options: changed, answers: enabled !== false };
}

function truth(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (/^(true|1|on|yes)$/i.test(value)) return true;
  if (/^(false|0|off|no)$/i.test(value)) return false;
  throw invalid(name, '"true" or "false"', value);
}

function invalid(name: string, expected: string, value: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_ENVIRONMENT',
    message: `The environment variable ${name} must be ${expected}, not ${JSON.stringify(value)}.`,
    nextStep: `Correct ${name} where the site is deployed, or remove it.`,
  });
}

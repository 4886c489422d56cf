/** Where Redis is, as the environment says it. */
import { PayloadKVError } from '../../errors.js';
import type { Environment } from '../../platform/environment.js';

/** What container platforms put into REDIS_PORT for a service that is called redis. */
const PORT_OF_SERVICE = /^tcp:\/\/.*:(\d{1,5})$/;

/**
 * The address of Redis by `REDIS_URL`, or else by `REDIS_HOST` with `REDIS_PORT` (6379), `REDIS_USERNAME`,
 * `REDIS_PASSWORD` and `REDIS_DB` (0); `undefined` where neither URL nor host is set. An empty variable is not set.
 *
 * @throws PayloadKVError `INVALID_ENVIRONMENT`, naming the variable, and never its value where that may hold a secret
 */
export function redisAddress(environment: Environment): string | undefined {
  const read = (name: string): string => environment[name]?.trim() ?? '';
  const url = read('REDIS_URL');
  if (url !== '') {
    if (URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol)) return url;
    throw invalid('REDIS_URL', 'the address of a Redis', 'Write it as redis://user:password@host:6379/0.');
  }
  const host = read('REDIS_HOST');
  if (host === '') return undefined;
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  if (!/^[\w.:%-]+$/.test(plain))
    throw invalid(
      'REDIS_HOST',
      'the name or the address of a host',
      'An address as a whole goes into REDIS_URL.',
    );
  const port = numberOf(read('REDIS_PORT').replace(PORT_OF_SERVICE, '$1') || '6379', 65_535);
  if (!port)
    throw invalid('REDIS_PORT', 'a whole number from 1 to 65535', 'Correct it, or remove it for 6379.');
  const database = numberOf(read('REDIS_DB') || '0', 1_000_000);
  if (database === undefined)
    throw invalid('REDIS_DB', 'the number of a database', 'Correct it, or remove it for 0.');
  // As they are: a password may begin with a space.
  const { REDIS_USERNAME: user = '', REDIS_PASSWORD: password = '' } = environment;
  const signedIn = user || password ? `${encodeURIComponent(user)}:${encodeURIComponent(password)}@` : '';
  const address = `redis://${signedIn}${plain.includes(':') ? `[${plain}]` : plain}:${port}/${database}`;
  if (URL.canParse(address)) return address;
  throw invalid(
    'REDIS_HOST',
    'the name or the address of a host',
    'An address as a whole goes into REDIS_URL.',
  );
}

function numberOf(text: string, largest: number): number | undefined {
  return /^\d{1,7}$/.test(text) && Number(text) <= largest ? Number(text) : undefined;
}

function invalid(name: string, expected: string, nextStep: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_ENVIRONMENT',
    message: `The environment variable ${name} must be ${expected}.`,
    nextStep,
  });
}

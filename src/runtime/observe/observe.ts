/**
 * Comes in: the events of a site. Goes out: what they come to, for those who ask: endpoints, metrics, logs, the admin view.
 */
import type { Config, Payload } from 'payload';
import { parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Events, Observer } from '../../interfaces/events.js';
import { processEnvironment } from '../../platform/environment.js';
import { invalid } from '../policy/option-values.js';
import { withAdminView } from './admin-view.js';
import { observeEndpoints } from './endpoints/endpoints.js';
import { carryObservation, type Observation, type ObserveOptions } from './observation.js';
import { BASE } from './signature.js';
import { createStatistics } from './statistics.js';

/**
 * Watches the cache: keeps statistics of it, and shows them.
 *
 * @throws PayloadKVError `INVALID_DURATION`, `INVALID_POLICY` or `INVALID_ENVIRONMENT`
 */
export function observe(options: ObserveOptions = {}): Observer {
  check(options);
  const { shareEvery, readers = [], endpoints = true, adminView = false, access } = options;
  if (shareEvery !== undefined && shareEvery !== false) parseDuration(shareEvery, 'observe.shareEvery');
  const token = tokenOf(options);
  if (adminView && !endpoints) throw withoutEndpoints();
  return {
    name: 'observe',
    configure(config: Config): Config {
      if (!endpoints) return config;
      const more = observeEndpoints({ access, token });
      const open = { ...config, endpoints: [...(config.endpoints ?? []), ...more] };
      return adminView ? withAdminView(open) : open;
    },
    attach(payload: Payload, events: Events) {
      if (endpoints) warnIfHidden(payload);
      const statistics = createStatistics(payload, events, options);
      let hasEnded = false;
      const observation: Observation = {
        options,
        events,
        statistics: statistics.read,
        ownStatistics: statistics.readOwn,
        hasEnded: () => hasEnded,
      };
      carryObservation(payload, observation);
      const ends = readers.map((reader) => {
        const end = attempt(payload, `attaching ${reader.name}`, () => reader.attach(payload, observation));
        return () => attempt(payload, `ending ${reader.name}`, () => end?.());
      });
      return () => {
        hasEnded = true;
        for (const end of ends) end();
        statistics.end();
        carryObservation(payload, undefined);
      };
    },
  };
}

type Check = (value: unknown) => string | false;

const truth: Check = (value) => typeof value !== 'boolean' && 'true or false';
/** What checks it where it is read. */
const elsewhere: Check = () => false;

/** What each option must be, where it is not that. */
const CHECKS: Readonly<Record<keyof ObserveOptions, Check>> = {
  access: (value) => typeof value !== 'function' && 'a function',
  endpoints: truth,
  adminView: truth,
  metricsToken: elsewhere,
  shareEvery: elsewhere,
  readers: (value) =>
    !(Array.isArray(value) && value.every((reader) => typeof reader?.attach === 'function')) &&
    'a list of readers such as [logs()]',
};

/** A mistyped `access` would let in whom it was to keep out. */
function check(options: ObserveOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name))
      throw invalid(`observe.${name}`, `one of ${Object.keys(CHECKS).join(', ')}`, name);
    const expected = value !== undefined && CHECKS[name as keyof ObserveOptions](value);
    if (expected) throw invalid(`observe.${name}`, expected, typeof value);
  }
}

/** Payload asks a collection for all that is below its slug, and no endpoint of the config. */
function warnIfHidden({ config, logger }: Payload): void {
  const slug = BASE.slice(1);
  if (!config.collections.some((collection) => collection.slug === slug)) return;
  logger.warn(
    `payload-kv: the endpoints of observe() cannot be reached: the collection ${slug} takes their path. Give it another slug.`,
  );
}

/** A reader that fails keeps neither the others nor the site from their work. */
function attempt<Result>(payload: Payload, what: string, call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    payload.logger.warn({ err: error, msg: `payload-kv: ${what} failed; the site goes on without it.` });
    return undefined;
  }
}

/** A shorter one could be guessed. */
const SHORTEST_TOKEN = 16;

function tokenOf({ metricsToken }: ObserveOptions): string | undefined {
  const token = metricsToken ?? (processEnvironment().PAYLOAD_KV_METRICS_TOKEN || undefined);
  if (token === undefined || (typeof token === 'string' && token.length >= SHORTEST_TOKEN)) return token;
  const name = metricsToken === undefined ? 'PAYLOAD_KV_METRICS_TOKEN' : 'observe.metricsToken';
  throw new PayloadKVError({
    code: metricsToken === undefined ? 'INVALID_ENVIRONMENT' : 'INVALID_POLICY',
    message: `${name} must have at least ${SHORTEST_TOKEN} characters.`,
    nextStep: 'Make a new one: openssl rand -hex 32',
  });
}

const withoutEndpoints = (): PayloadKVError =>
  new PayloadKVError({
    code: 'INVALID_POLICY',
    message: 'observe.adminView needs the endpoints, and observe.endpoints is false.',
    nextStep: 'Leave out one of them.',
  });

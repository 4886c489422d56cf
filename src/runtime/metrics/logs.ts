/** Events as structured lines of Payload's log. */
import type { Payload } from 'payload';
import { PayloadKVError } from '../../errors.js';
import { type CacheEvent, EVENT_TYPES, type EventType } from '../../interfaces/events.js';
import type { Reader } from '../observe/observation.js';
import { shapeOf } from '../observe/shape.js';

/** A level of Payload's logger. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Options of {@link logs}. */
export interface LogsOptions {
  /** The events that are logged. Default all. */
  events?: readonly EventType[];
  /**
   * The share of events that is logged, from 0 to 1, of all or by type. Default 0.01 of `hit`, `miss`, `stale`, `bypass`,
   * `fill` and `call`, and all of the others. The first error of each kind is logged in any case.
   */
  sample?: number | { readonly [type in EventType]?: number };
  /** Level of what is no failure. Default `info`. Errors, late replacements and breakers that open are `warn`. */
  level?: LogLevel;
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];
const FREQUENT: readonly EventType[] = ['hit', 'miss', 'stale', 'bypass', 'fill', 'call'];
const SHARE_OF_FREQUENT = 0.01;
/** Kinds of errors whose first is told: codes may be a store's own. */
const MOST_KINDS = 100;

/**
 * Logs events in Payload's logger, each as a line with the event as `payloadKV`. Nothing in it is a value of a query, a
 * document or a key: of a key there is the hash, of a query the shape. Which events of a type are logged is no matter of
 * chance: of a share of 0.1 it is the first of each ten.
 *
 * @throws PayloadKVError `INVALID_READER` for a type of event, a share or a level that there is not
 */
export function logs(options: LogsOptions = {}): Reader {
  const { events: types = EVENT_TYPES, level = 'info' } = options;
  check(options);
  const shares = new Map(types.map((type) => [type, shareOf(options, type)]));
  return {
    name: 'logs',
    attach(payload, { events }) {
      const seen = new Map<EventType, number>();
      const kinds = new Set<string>();

      function isFirstOfKind({ type, part, reason }: CacheEvent): boolean {
        const kind = `${part} ${reason}`;
        if (type !== 'error' || kinds.has(kind) || kinds.size >= MOST_KINDS) return false;
        kinds.add(kind);
        return true;
      }

      return events.listen((event, args) => {
        const share = shares.get(event.type);
        if (share === undefined) return;
        const before = seen.get(event.type) ?? 0;
        seen.set(event.type, before + 1);
        const isOne = Math.ceil((before + 1) * share) > Math.ceil(before * share);
        if (isFirstOfKind(event) || isOne) log(payload, level, share, event, args);
      });
    },
  };
}

function log(
  { logger }: Payload,
  level: LogLevel,
  share: number,
  { time: _time, ...event }: CacheEvent,
  args: Readonly<Record<string, unknown>> | undefined,
): void {
  const isFailure =
    event.type === 'error' ||
    (event.type === 'invalidate' && event.outcome === 'late') ||
    (event.type === 'breaker' && event.outcome === 'open');
  const shape = args && event.subject !== 'function' ? shapeOf(args) : undefined;
  logger[isFailure ? 'warn' : level]({
    payloadKV: { ...event, ...(shape && { shape }), ...(share < 1 && { share }) },
    msg: `payload-kv: ${textOf(event)}`,
  });
}

function textOf({ type, part, operation, name, outcome, reason }: Omit<CacheEvent, 'time'>): string {
  return [type, part, operation, name, outcome, reason].filter(Boolean).join(' ');
}

function shareOf({ sample }: LogsOptions, type: EventType): number {
  const share = typeof sample === 'number' ? sample : sample?.[type];
  return share ?? (FREQUENT.includes(type) ? SHARE_OF_FREQUENT : 1);
}

function check({ events = [], sample, level }: LogsOptions): void {
  const types = [...events, ...(typeof sample === 'object' ? Object.keys(sample) : [])];
  const unknown = types.find((type) => !EVENT_TYPES.includes(type as EventType));
  if (unknown !== undefined)
    throw invalid(`there is no event ${JSON.stringify(unknown)}`, EVENT_TYPES.join(', '));
  const shares = typeof sample === 'object' ? Object.values(sample) : sample === undefined ? [] : [sample];
  const wrong = shares.find((share) => !(typeof share === 'number' && share >= 0 && share <= 1));
  if (wrong !== undefined) throw invalid(`${JSON.stringify(wrong)} is no share`, 'numbers from 0 to 1');
  if (level !== undefined && !LEVELS.includes(level))
    throw invalid(`there is no level ${JSON.stringify(level)}`, LEVELS.join(', '));
}

function invalid(what: string, those: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_READER',
    message: `logs() cannot be set up so: ${what}.`,
    nextStep: `There are ${those}.`,
  });
}

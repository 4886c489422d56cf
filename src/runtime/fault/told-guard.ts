/** A guard of which those hear who listen, and the site's log. */
import { PayloadKVError } from '../../errors.js';
import type { Events, GuardedPart } from '../../interfaces/events.js';
import { momentIn } from '../events/moment.js';
import { createFaultGuard, type FaultGuard } from './fault-guard.js';

/** Who hears of it. */
export interface Hearers {
  events: Events;
  warn(message: string): void;
  onFault(error: unknown, during: string, part: GuardedPart): void;
  setup: { standalone?: { meanwhile: string } };
}

/** How long a store or registry that fails is left alone, in milliseconds. */
const PAUSE = 10_000;

/**
 * Creates the guard of one part of a site.
 *
 * @param name what the log calls the part
 * @param timeout longest wait for one call, in milliseconds
 * @param isFar whether its calls leave the process: how long they take is then told
 */
export function createToldGuard(
  site: Hearers,
  part: GuardedPart,
  name: string,
  timeout: number,
  isFar: boolean,
): FaultGuard {
  const { events } = site;
  const tellBreaker = (outcome: 'open' | 'closed'): void => {
    if (events.isHeard()) events.tell({ type: 'breaker', part, outcome });
  };
  return createFaultGuard({
    timeout,
    pause: PAUSE,
    onFault: (error) => site.onFault(error, `the ${name}`, part),
    onClose: () => tellBreaker('closed'),
    watch(operation) {
      const since = isFar ? momentIn(events) : undefined;
      if (since === undefined) return undefined;
      return (isDone) =>
        events.tell({
          type: 'call',
          part,
          operation: part === 'replacement' ? 'replace' : operation,
          outcome: isDone ? 'ok' : 'failed',
          duration: performance.now() - since,
        });
    },
    onOpen(error) {
      tellBreaker('open');
      // Then it was said already, together with what to do.
      if (error instanceof PayloadKVError) return;
      site.warn(
        `payload-kv: the ${name} fails too often; ${site.setup.standalone?.meanwhile ?? 'the database answers'} for the next ${PAUSE / 1000} seconds.`,
      );
    },
    now: Date.now,
  });
}

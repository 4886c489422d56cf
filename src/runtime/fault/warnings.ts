import type { Payload } from 'payload';
import { PayloadKVError } from '../../errors.js';
import { createExpiring } from '../../platform/expiring.js';

/** What a site is told in its log. The same is said once in a while. */
export interface Warnings {
  /** Says something about a subject, which is by default the message itself. */
  warn(message: string, error?: unknown, subject?: string): void;
  /** Says that something failed, and that the site goes on. */
  onFault(error: unknown, during: string): void;
}

/** The same fault is logged once in this many milliseconds. */
const QUIET = 60_000;

/** Creates the warnings of one Payload instance. */
export function createWarnings(payload: Pick<Payload, 'logger'>): Warnings {
  const logged = createExpiring<true>({ max: 100, lifetime: QUIET });

  function warn(message: string, error?: unknown, subject = message): void {
    if (logged.get(subject)) return;
    logged.set(subject, true);
    if (error === undefined) payload.logger.warn(message);
    else payload.logger.warn({ err: error, msg: message });
  }

  return {
    warn,
    onFault(error, during) {
      if (error instanceof PayloadKVError) {
        const { code, message, nextStep = '' } = error;
        // A binding that is missing fails in reads and in writes, and is one thing to mend.
        warn(
          `payload-kv: ${during} failed (${code}: ${message} ${nextStep}); the site goes on without it.`,
          undefined,
          message,
        );
      } else warn(`payload-kv: ${during} failed; the site goes on without it.`, error);
    },
  };
}

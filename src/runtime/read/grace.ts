/** What is answered where an entry is not fresh, or there is none. */
import { PayloadKVError } from '../../errors.js';
import type { Recorder } from '../../interfaces/recorder.js';
import { momentIn } from '../events/moment.js';
import type { Absent, ReadContext, Subject, Wanted } from './context.js';
import { hashIn, tell } from './outcome.js';

/** How a new answer is made. */
export interface Making<Result> {
  /** Makes it, for whoever waits. */
  make(): Promise<Result>;
  /** Has it made in the background. */
  revalidate(): void;
  /** What is made, for the log. */
  what: string;
  /** Hears that something old was served. */
  recorder: Recorder | undefined;
}

/** The old answer, while a new one is being made or where making it fails, as far as it may be served; else a new one. */
export async function answerWithGrace<Result>(
  { events, onFault }: ReadContext,
  subject: Subject,
  { key, question, count }: Pick<Wanted, 'key' | 'question' | 'count'>,
  old: Absent['old'],
  { make, revalidate, what, recorder }: Making<Result>,
): Promise<Result> {
  const since = momentIn(events);
  if (old?.whileRevalidating) revalidate();
  else {
    try {
      return await make();
    } catch (error) {
      if (!old?.ifError) throw error;
      // That is no fault, but what was asked for.
      if (!(error instanceof PayloadKVError && error.code === 'RATE_LIMITED')) onFault(error, what);
    }
  }
  count.servedStale += 1;
  const reason = old.whileRevalidating ? 'swr' : 'error';
  tell(events, 'served-stale', subject, since, { reason, key: hashIn(key) }, question);
  recorder?.refuse('stale');
  return old.result as Result;
}

/** What the transactions under way have touched, each until its end. */
import type { DatabaseAdapter } from 'payload';
import type { TransactionID } from '../operation/request.js';
import { nothingTouched, type Touched } from './touched.js';

/** The transactions of one site. */
export interface Transactions {
  /** Whether a transaction with this id goes on. */
  isUnderway(id: TransactionID): boolean;
  /** What it has touched so far, to be added to. */
  touchedIn(id: TransactionID): Touched;
  /** Begins its commit, which takes over what it has touched. The caller says when it has ended. */
  beginCommit(id: TransactionID): { touched: Touched | undefined; ended: () => void };
  /** Its commit under way. */
  commitOf(id: TransactionID): Promise<void> | undefined;
  /** Forgets what it touched. */
  forget(id: TransactionID): void;
}

/** Transactions remembered; of more than that, the oldest were never ended, and what they touched becomes stale. */
const MOST_TRANSACTIONS = 10_000;

/** Creates the memory of transactions. What one touched that is never ended is handed to `onForgotten`. */
export function createTransactions(
  adapter: Pick<DatabaseAdapter, 'sessions'>,
  onForgotten: (touched: Touched) => void,
): Transactions {
  const underway = new Map<TransactionID, Touched>();
  const commits = new Map<TransactionID, Promise<void>>();
  return {
    isUnderway(id) {
      if (underway.has(id)) return true;
      const { sessions } = adapter;
      // An adapter with sessions writes without a transaction where it does not know the id.
      return sessions ? sessions[id] !== undefined : true;
    },
    touchedIn(id) {
      const known = underway.get(id);
      if (known) return known;
      const touched = nothingTouched();
      underway.set(id, touched);
      if (underway.size > MOST_TRANSACTIONS) {
        const [oldest] = underway.entries();
        if (oldest) {
          underway.delete(oldest[0]);
          if (oldest[1].tags.size > 0) onForgotten(oldest[1]);
        }
      }
      return touched;
    },
    beginCommit(id) {
      const touched = underway.get(id);
      underway.delete(id);
      let resolveEnd = (): void => {};
      commits.set(id, new Promise((resolve) => (resolveEnd = resolve)));
      const ended = (): void => {
        commits.delete(id);
        resolveEnd();
      };
      return { touched, ended };
    },
    commitOf: (id) => commits.get(id),
    forget(id) {
      underway.delete(id);
    },
  };
}

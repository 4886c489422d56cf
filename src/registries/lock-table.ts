/** What a table of locks answers, wherever it is kept. Without anything of Node: the Durable Object has it too. */

/** What is asked of a lock. */
export interface LockRequest {
  action: 'acquire' | 'extend' | 'release';
  name: string;
  /** The random value of who asks. */
  holder: string;
  /** Milliseconds: how long it lasts, or is open to everybody after its release. */
  lifetime: number;
}

/** What becomes of that: the token of a lock that was taken, and whether it is open to everybody; else whether it was held. */
export interface LockAnswer {
  token?: number;
  isOpen?: boolean;
  isHeld?: boolean;
}

/** A lock as a table keeps it. It stays when it is released: its token is the last. */
export interface LockRow {
  /** `''` where everybody gets it. */
  holder: string;
  /** When it is free, in milliseconds since 1970. */
  until: number;
  token: number;
}

/** Answers a request by the row of its lock; `changed` is the row that takes its place. */
export function answerLock(
  row: LockRow | undefined,
  { action, holder, lifetime }: LockRequest,
  now: number,
): { answer: LockAnswer; changed?: LockRow } {
  const isTaken = row !== undefined && row.until > now;
  if (action === 'acquire') {
    const isOpen = isTaken && row.holder === '';
    if (isTaken && !isOpen) return { answer: {} };
    // By the clock as well: rows are forgotten, and tokens grow all the same.
    const token = Math.max((row?.token ?? 0) + 1, now * 1_000);
    if (isOpen) return { answer: { token, isOpen }, changed: { ...row, token } };
    return { answer: { token }, changed: { holder, until: now + lifetime, token } };
  }
  // One that has expired is its holder's still, unless another has had it since.
  if (row?.holder !== holder) return { answer: { isHeld: false } };
  const until = now + lifetime;
  const changed = action === 'extend' ? { ...row, until } : { ...row, holder: '', until };
  return { answer: { isHeld: true }, changed };
}

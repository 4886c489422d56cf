/**
 * Locks that all processes of a site share: who has one, nobody else has, for a time. They spare work that is done once.
 * Nothing that must not be wrong may rest on one alone: a holder may be paused for longer than its lock lasts. Its token
 * tells it from later ones (fencing, as in M. Kleppmann, "How to do distributed locking", 2016).
 */
export interface Locks {
  /** Name for messages, e.g. `redis`. */
  readonly name: string;
  /**
   * Takes a lock if nobody has it.
   *
   * @param name any text
   * @param lifetime milliseconds after which it is free again, if its holder has died
   * @returns `undefined` where another has it
   */
  acquire(name: string, lifetime: number): Promise<HeldLock | undefined>;
}

/** A lock that was taken. */
export interface HeldLock {
  /** Grows with each holder of this lock: what it is handed to can refuse whoever comes with a smaller one. */
  readonly token: number;
  /** Has it last for so many milliseconds from now on. `false` where another has had it since. */
  extend(lifetime: number): Promise<boolean>;
  /**
   * Gives it back, unless it was lost.
   *
   * @param openFor milliseconds for which everybody who asks for it gets it, all at once: what it guards cannot be shared,
   *   so that to wait for it is of no use. Default none
   */
  release(openFor?: number): Promise<void>;
}

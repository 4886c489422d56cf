/** A clock that a test sets forward, for what a site does after minutes. Timers keep to the real one. */
export interface Clock {
  /** Sets `Date.now()` forward, in seconds. */
  advance(seconds: number): void;
  /** Puts the real clock back. */
  stop(): void;
}

/** Takes over `Date.now()`. To be called before a site starts. */
export function takeClock(): Clock {
  const real = Date.now;
  let ahead = 0;
  Date.now = () => real() + ahead;
  return {
    advance(seconds) {
      ahead += seconds * 1_000;
    },
    stop() {
      Date.now = real;
    },
  };
}

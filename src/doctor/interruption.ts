/** Ctrl-C, put off until what was begun is cleared away. */
export interface Interruption {
  /** Whether somebody asked to end. */
  happened(): boolean;
  /** Stops listening; whether somebody asked to end meanwhile. */
  end(): boolean;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Listens for what would end the process, which then goes on until {@link Interruption.end}. */
export function untilInterrupted(): Interruption {
  let happened = false;
  const note = () => {
    happened = true;
  };
  for (const signal of SIGNALS) process.on(signal, note);
  return {
    happened: () => happened,
    end() {
      for (const signal of SIGNALS) process.off(signal, note);
      return happened;
    },
  };
}

import type { Config, Plugin } from 'payload';
import { CACHED_OPERATIONS } from '../../src/runtime/query/operations.js';

/** The adapter of a database, as far as it is measured. */
type Methods = Record<string, (this: unknown, ...args: unknown[]) => Promise<unknown>>;

/** One read of the adapter. */
export interface Sample {
  /** What it took beyond the time spent in the database below the cache, in milliseconds. */
  added: number;
  /** Whether the circuit was open when it began. */
  isOpen: boolean;
}

/** Measures what the cache adds to the reads of a site that does one thing after the other. */
export interface AddedLatency {
  /** Measures below the cache; to be handed to `startBlog`. */
  wrapAdapter<Adapter extends object>(adapter: Adapter): Adapter;
  /** Measures above the cache; to come after it among the plugins. */
  plugin: Plugin;
  /** Runs a read whose calls of the adapter are measured. */
  measure<Answer>(run: () => Promise<Answer>, isOpen: () => boolean): Promise<Answer>;
  /** What was measured since it was last asked. */
  take(): Sample[];
}

/** Creates the measurement of one site. */
export function addedLatency(): AddedLatency {
  let samples: Sample[] = [];
  /** How much time was spent below the cache so far. */
  let below = 0;
  /** The database's methods call each other. */
  let depth = 0;
  let isOpen: (() => boolean) | undefined;

  /** A method that is measured while a read is. */
  async function above(run: () => Promise<unknown>, open: () => boolean): Promise<unknown> {
    const before = below;
    const wasOpen = open();
    const start = performance.now();
    try {
      return await run();
    } finally {
      samples.push({ added: performance.now() - start - (below - before), isOpen: wasOpen });
    }
  }

  return {
    wrapAdapter(adapter) {
      const methods = adapter as unknown as Methods;
      for (const name of CACHED_OPERATIONS) {
        const method = methods[name];
        if (!method) continue;
        methods[name] = async function (...args) {
          const start = performance.now();
          depth += 1;
          try {
            return await method.apply(this, args);
          } finally {
            depth -= 1;
            if (depth === 0) below += performance.now() - start;
          }
        };
      }
      return adapter;
    },
    plugin: (config: Config) => ({
      ...config,
      db: {
        ...config.db,
        init: (args) =>
          new Proxy(config.db.init(args), {
            get(target, name) {
              const value = Reflect.get(target, name, target);
              const open = isOpen;
              if (
                !open ||
                typeof name !== 'string' ||
                !(CACHED_OPERATIONS as readonly string[]).includes(name)
              )
                return value;
              return (...args: unknown[]) => above(() => value.apply(target, args), open);
            },
            set: (target, name, value) => Reflect.set(target, name, value),
          }),
      },
    }),
    async measure(run, open) {
      isOpen = open;
      try {
        return await run();
      } finally {
        isOpen = undefined;
      }
    },
    take() {
      const taken = samples;
      samples = [];
      return taken;
    },
  };
}

import { READS } from '../support/adapter-methods.js';
import type { Adapter } from '../support/payload.js';

type ReadMethod = (typeof READS)[number];

/** One read that reached the base adapter. */
export interface RecordedRead {
  method: ReadMethod;
  /** Its arguments without `req`, as they were at the call. */
  args: Record<string, unknown>;
}

/** Keeps the adapter below the cache at hand, and what was read from it. */
export interface RecordedReads {
  /** For `StartOptions.wrapAdapter`. */
  wrapAdapter(adapter: Adapter): Adapter;
  /** The adapter below the cache: what is written with it, the cache does not see. */
  base(): Adapter;
  /** Reads since the last `clear`, each once. */
  reads(): RecordedRead[];
  clear(): void;
  /** Runs a statement below the cache. */
  sql(statement: string): Promise<void>;
}

/** Records the reads of a base adapter: give its `wrapAdapter` to a start. */
export function recordReads(): RecordedReads {
  let adapter: Adapter | undefined;
  let recorded = new Map<string, RecordedRead>();
  const base = (): Adapter => {
    if (!adapter) throw new Error('not started');
    return adapter;
  };
  return {
    wrapAdapter(started) {
      adapter = started;
      for (const method of READS) {
        const original = started[method] as (args: object) => unknown;
        Object.assign(started, {
          [method](this: unknown, { req: _request, ...args }: { req?: unknown }) {
            const copy = structuredClone(args) as Record<string, unknown>;
            recorded.set(`${method} ${JSON.stringify(copy)}`, { method, args: copy });
            return original.call(this, { ...args, req: _request });
          },
        });
      }
      return started;
    },
    base,
    reads: () => [...recorded.values()],
    clear() {
      recorded = new Map();
    },
    async sql(statement) {
      const { execute, drizzle } = base() as unknown as {
        execute(args: { db: unknown; raw: string }): Promise<unknown>;
        drizzle: unknown;
      };
      await execute({ db: drizzle, raw: statement });
    },
  };
}

/** Repeats recorded reads through an adapter, without a request. */
export async function repeatReads(adapter: Adapter, reads: readonly RecordedRead[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const { method, args } of reads) {
    answers.push(await (adapter[method] as (args: object) => Promise<unknown>)(structuredClone(args)));
  }
  return answers;
}

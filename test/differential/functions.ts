import fc from 'fast-check';
import type { Payload } from 'payload';
import { cached, type FunctionContext } from '../../src/runtime/index.js';
import type { Args, ReadCommand } from './command.js';

/** Functions made of reads and of other functions, one after another or at the same time. */
interface FunctionArgs extends Args {
  parts: FunctionPart[];
  together: boolean;
  /** Whether its result is said to be everybody's, whoever reads in it. */
  shared: boolean;
}

type FunctionPart =
  | (Pick<ReadCommand, 'level' | 'operation' | 'args'> & { withRequest: boolean })
  | { inner: FunctionArgs };

/** A function, as a read whose answer is compared with that of the same reads without a cache. */
export function functionArbitrary(
  read: fc.Arbitrary<ReadCommand>,
  site: fc.Arbitrary<number>,
): fc.Arbitrary<ReadCommand> {
  const part: fc.Arbitrary<FunctionPart> = fc
    .record({ command: read, withRequest: fc.boolean() })
    .map(({ command: { level, operation, args }, withRequest }) => ({ level, operation, args, withRequest }));
  const plain = { together: fc.boolean(), shared: fc.nat({ max: 2 }).map((n) => n > 0) };
  const innermost: fc.Arbitrary<FunctionArgs> = fc.record({
    parts: fc.array(part, { minLength: 1, maxLength: 2, size: 'max' }),
    ...plain,
  });
  const outer = fc.record({
    parts: fc.array(
      fc.oneof(
        { weight: 3, arbitrary: part },
        { weight: 1, arbitrary: innermost.map((inner): FunctionPart => ({ inner })) },
      ),
      { minLength: 1, maxLength: 3, size: 'max' },
    ),
    ...plain,
  });
  return fc.record({
    do: fc.constant('read' as const),
    site,
    level: fc.constant('function' as const),
    operation: fc.constant('cached'),
    args: outer,
  });
}

type Call = (read: Pick<ReadCommand, 'level' | 'operation'>, args: Args, req?: Args) => Promise<unknown>;

/** Runs a function: cached for a Payload, or as it is without one. */
export function callFunction(args: Args, call: Call, payload?: Payload): Promise<unknown> {
  const { parts, together, shared } = args as FunctionArgs;
  const run = async (context?: FunctionContext): Promise<unknown> => {
    const req = (context?.req ?? {}) as unknown as Args;
    const steps = parts.map((part) => (): Promise<unknown> => {
      if ('inner' in part) return callFunction(part.inner, call, payload);
      const { level, operation, withRequest } = part;
      // Payload keeps the locale of an operation on its request, where others at the same time find it.
      const isGiven = withRequest && level === 'local' && !together;
      return call({ level, operation }, part.args, ...(isGiven ? [req] : []));
    });
    if (together) return Promise.all(steps.map((step) => step()));
    const results: unknown[] = [];
    for (const step of steps) results.push(await step());
    return results;
  };
  return payload ? cached(run, { key: [args], payload, shared }) : run();
}

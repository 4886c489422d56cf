/** Fair timing on a noisy machine: the things compared take turns, and each figure is a median over many rounds. */

/** Something to be timed. */
export type Task = () => unknown;

/** Median time of one call of each task, in microseconds. The tasks take turns, a batch each, in every round. */
export async function timeInTurns<Name extends string>(
  tasks: Record<Name, Task>,
  options: { rounds: number; batch: number; warmUp?: number },
): Promise<Record<Name, number>> {
  const names = Object.keys(tasks) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -(options.warmUp ?? 2); round < options.rounds; round++) {
    for (const name of names) {
      const task = tasks[name];
      const start = performance.now();
      for (let count = 0; count < options.batch; count++) {
        const answer = task();
        if (answer instanceof Promise) await answer;
      }
      const took = ((performance.now() - start) * 1000) / options.batch;
      // The first rounds warm up.
      if (round >= 0) samples[name].push(took);
    }
  }
  return Object.fromEntries(names.map((name) => [name, quantile(samples[name], 0.5)])) as Record<
    Name,
    number
  >;
}

/** The value below which a share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

let failures = 0;

/** Prints one figure on one line, and whether it keeps what is claimed of it. */
export function figure(name: string, value: string, claim?: { holds: boolean; says: string }): void {
  if (claim && !claim.holds) failures += 1;
  const verdict = claim ? `  (${claim.says}: ${claim.holds ? 'holds' : 'FALLS SHORT'})` : '';
  console.log(`${name.padEnd(74)} ${value}${verdict}`);
}

/** How many figures fell short so far. */
export const shortfalls = (): number => failures;

/** Runs of functions that wait for one another: two that would wait for each other must not. */
export interface FlightWaits {
  /**
   * Notes that runs wait for another, until the returned function is called; `undefined` where that one waits for one of
   * them, directly or not.
   */
  wait(holders: readonly string[], key: string): (() => void) | undefined;
}

/** Creates the notes of one site. */
export function createFlightWaits(): FlightWaits {
  /** By key of a run, those of the runs that it waits for, each as often as it does. */
  const awaited = new Map<string, string[]>();

  function reaches(from: string, holders: readonly string[], seen: Set<string>): boolean {
    if (holders.includes(from)) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (awaited.get(from) ?? []).some((key) => reaches(key, holders, seen));
  }

  return {
    wait(holders, key) {
      if (holders.length === 0) return () => {};
      if (reaches(key, holders, new Set())) return undefined;
      for (const holder of holders) awaited.set(holder, [...(awaited.get(holder) ?? []), key]);
      return () => {
        for (const holder of holders) {
          const keys = awaited.get(holder) ?? [];
          keys.splice(keys.indexOf(key), 1);
          if (keys.length === 0) awaited.delete(holder);
        }
      };
    },
  };
}

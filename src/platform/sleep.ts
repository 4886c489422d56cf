/** Waits so many milliseconds; with `keepsAlive` false a process that has nothing else to do ends meanwhile. */
export function sleep(milliseconds: number, keepsAlive = true): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds) as unknown as { unref?: () => void };
    if (!keepsAlive) timer.unref?.();
  });
}

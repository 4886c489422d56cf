/**
 * Miniflare's bindings in Node are asked synchronously: the call waits for the notice of a worker, which that sends
 * after it has answered. On a busy machine the notice of one call can arrive during the next, which then finds no
 * answer and fails with an assertion. A wait ends here only when what it waits for has changed.
 */
type Wait = (array: Int32Array, index: number, value: number, timeout?: number) => string;

const wait: Wait = Atomics.wait;

const waitForChange: Wait = (array, index, value, timeout) => {
  let ended = wait(array, index, value, timeout);
  while (ended === 'ok' && timeout === undefined && Atomics.load(array, index) === value)
    ended = wait(array, index, value);
  return ended;
};

// Files that share a process come here once each.
if (wait.name !== waitForChange.name) Atomics.wait = waitForChange as typeof Atomics.wait;

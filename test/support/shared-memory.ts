import { memory, type Store } from '../../src/runtime/index.js';

/**
 * A store in memory that stands for one outside of the process: its entries are of a database, and of all instances on
 * it, where those of `memory()` belong to one instance and go with it.
 */
export function sharedMemory(): Store {
  return { ...memory(), name: 'shared', local: false };
}

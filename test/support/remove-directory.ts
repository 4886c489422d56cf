import { rm } from 'node:fs/promises';

/**
 * Removes a directory that a process may still be writing to: Payload starts one of its own for its types, which
 * outlives the command that started it.
 */
export function removeDirectory(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

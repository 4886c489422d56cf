/** Commands that a message names, as they can be typed in the project. */
import { RUNNERS, readPackageManager } from '../inspect/package-manager.js';

/**
 * The text with what stands before an executable of the project's dependencies: `payload-kv sync` becomes
 * `npx payload-kv sync`, or what the package manager of the directory has for it. Only commands in backticks.
 */
export function runnable(text: string, directory = process.cwd()): string {
  if (!text.includes('`payload')) return text;
  const runner = RUNNERS[readPackageManager(directory).packageManager];
  return text.replace(/`(payload(?:-kv)? [a-z-]+[^`]*`)/g, `\`${runner} $1`);
}

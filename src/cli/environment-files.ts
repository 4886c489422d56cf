/** What the project's `.env` files hold, which Payload and Next read when the site starts. */
import path from 'node:path';
import { readIfThere } from '../inspect/file-system.js';

/** The variables that the text of such a file sets. */
export function variablesOf(text: string): [string, string][] {
  return [...text.matchAll(/^\s*(?:export\s+)?([\w.]+)\s*=\s*(?:(["'`])([\s\S]*?)\2|(.*))/gm)].map(
    ([, name, , quoted, plain]) => [name!, quoted ?? plain!.replace(/\s+#.*$/, '').trim()],
  );
}

/**
 * A variable as the site has it that is started in a directory: of this process's environment, or of the first file that
 * sets it, in the order of Next. Empty counts as not set.
 */
export function variableIn(directory: string, name: string, env = process.env): string | undefined {
  if (env[name]) return env[name];
  const mode = env.NODE_ENV === 'production' ? 'production' : 'development';
  for (const file of [`.env.${mode}.local`, '.env.local', `.env.${mode}`, '.env']) {
    const set = variablesOf(readIfThere(path.join(directory, file)) ?? '');
    const value = set.findLast(([each]) => each === name)?.[1];
    if (value) return value;
  }
  return undefined;
}

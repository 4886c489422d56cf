import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { PayloadKVError } from '../../src/errors.js';
import { type InspectOptions, inspectProject, type Project } from '../../src/inspect/project.js';

/** Writes files into a new directory that is removed after the test; gives its path. */
export function written(files: Record<string, string>): string {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'payload-kv-inspect-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return directory;
}

/** Inspects a project of the given files; a package.json with Payload 3 is there unless it is given. */
export function inspected(files: Record<string, string>, options: Partial<InspectOptions> = {}): Project {
  return inspectProject({ cwd: written({ 'package.json': PAYLOAD_3, ...files }), ...options });
}

/** Inspects the body of a config object. */
export function inspectedBody(body: string, above = '', files: Record<string, string> = {}): Project {
  return inspected({
    'payload.config.ts': `import { buildConfig } from 'payload';\n${above}\nexport default buildConfig({\n${body}\n});\n`,
    ...files,
  });
}

/** The error that a call throws on purpose; anything else fails the test. */
export function errorOf(call: () => unknown): PayloadKVError {
  try {
    call();
  } catch (error) {
    if (error instanceof PayloadKVError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

export const PAYLOAD_3 = '{ "name": "site", "dependencies": { "payload": "^3.90.0" } }';

/** A config with one collection. */
export const CONFIG = `import { buildConfig } from 'payload';
export default buildConfig({ collections: [{ slug: 'posts', fields: [] }] });
`;

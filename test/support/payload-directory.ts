import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vitest/config';

/** The packages of one Payload version, and graphql, of which one process may have a single copy. */
const PACKAGE = /^(payload|@payloadcms\/(?:db-sqlite|drizzle|graphql)|graphql)(\/.*)?$/;

/**
 * Lets tests and the source under test have the Payload of another directory in place of the repository's own:
 * `PAYLOAD_DIRECTORY=/tmp/payload-3.44.0 npx vitest run test/runtime`, where that directory holds a `node_modules` with
 * `payload` and the `@payloadcms` packages of one version. Child processes and what the fixtures install stay as they are.
 */
export function payloadFrom(directory: string): Plugin {
  const importer = path.join(path.resolve(directory), 'package.json');
  return {
    name: 'payload-from-directory',
    enforce: 'pre',
    resolveId(specifier, from, options) {
      const [, name] = PACKAGE.exec(specifier) ?? [];
      if (!name || from?.includes('/fixtures/cloudflare/')) return undefined;
      if (!existsSync(path.join(path.dirname(importer), 'node_modules', name))) return undefined;
      return this.resolve(specifier, importer, { ...options, skipSelf: true });
    },
  };
}

/** Files of this package itself. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Templates } from '../plan/text/template.js';

const root = new URL('../../', import.meta.url);

/** Absolute path of a file of this package, e.g. `dist/cli/main.js`. */
export function packageFile(name: string): string {
  return fileURLToPath(new URL(name, root));
}

/** The source text of the generated files. */
export function readTemplates(): Templates {
  const read = (name: string) => readFileSync(new URL(`templates/${name}.txt`, root), 'utf8');
  return {
    index: read('index'),
    indexWithEnv: read('index.with-env'),
    hooks: read('hooks'),
    schema: read('schema.generated'),
    worker: read('worker'),
  };
}

/** This package's version. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  return version;
}

/** The versions of Payload that this package works with, e.g. `>=3.20.0 <4`. */
export function supportedPayload(): string {
  const text = readFileSync(new URL('package.json', root), 'utf8');
  return (JSON.parse(text) as { peerDependencies: { payload: string } }).peerDependencies.payload;
}

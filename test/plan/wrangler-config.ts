import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readWrangler, type WranglerConfig } from '../../src/inspect/wrangler.js';
import { removeDirectory } from '../support/remove-directory.js';

/** A wrangler config as inspection reads it from its text. */
export async function readConfig(text: string, extension: string): Promise<WranglerConfig> {
  const root = await mkdtemp(path.join(tmpdir(), 'payload-kv-wrangler-'));
  try {
    await writeFile(path.join(root, `wrangler.${extension}`), text);
    return readWrangler(root, root)!;
  } finally {
    await removeDirectory(root);
  }
}

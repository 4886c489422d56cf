/**
 * What `--exact` runs in the user's project, by `payload run`: it imports the config, waits until Payload has sanitised
 * it, and writes its schema to file descriptor 3. No database is connected, nothing is written to disk.
 */
import { fstatSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { SanitizedConfig } from 'payload';
import { sanitisedSchema } from '../../inspect/sanitised-schema.js';

const REPLY = 3;

/** What the script answers. */
export type ExactReply =
  | { ok: true; schema: ReturnType<typeof sanitisedSchema> }
  | { ok: false; message: string; stack: string };

function reply(answer: ExactReply): never {
  const bytes = Buffer.from(JSON.stringify(answer));
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(REPLY, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
  // What the config opened, such as a local platform, is not to keep the process alive.
  process.exit(0);
}

async function read(): Promise<void> {
  fstatSync(REPLY);
  try {
    const { PAYLOAD_KV_CONFIG: file } = process.env;
    const module = (await import(pathToFileURL(file!).href)) as { default?: unknown };
    // A CommonJS config comes as the default of a default.
    const exported = await (module.default as { default?: unknown } | undefined);
    const config = (await (isConfig(exported) ? exported : exported?.default)) as unknown;
    if (!isConfig(config))
      throw new Error('The default export of the config is nothing that Payload sanitised.');
    reply({ ok: true, schema: sanitisedSchema(config) });
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : { message: String(error) };
    reply({ ok: false, message, stack });
  }
}

function isConfig(value: unknown): value is SanitizedConfig {
  return typeof value === 'object' && value !== null && Array.isArray((value as SanitizedConfig).collections);
}

await read();

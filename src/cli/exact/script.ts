/**
 * What `--exact` runs in the user's project, by `payload run`: it imports the config, waits until Payload has sanitised
 * it, and writes its schema to file descriptor 3. No database is connected, nothing is written to disk.
 */
import { fstatSync } from 'node:fs';
import { sanitisedSchema } from '../../inspect/sanitised-schema.js';
import { failureOf, REPLY, reply, sanitisedConfig } from '../payload-script.js';

/** What the script answers. */
export type ExactReply =
  | { ok: true; schema: ReturnType<typeof sanitisedSchema> }
  | { ok: false; message: string; stack: string };

async function read(): Promise<ExactReply> {
  fstatSync(REPLY);
  try {
    return { ok: true, schema: sanitisedSchema(await sanitisedConfig()) };
  } catch (error) {
    return { ok: false, ...failureOf(error) };
  }
}

reply(await read());

/**
 * What the scripts have in common that run in the user's project by `payload run`: the config as Payload sanitises it,
 * and an answer on file descriptor 3.
 */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { SanitizedConfig } from 'payload';

/** Where the answer goes: a config may print whatever it likes. */
export const REPLY = 3;

/** The config of the file that `PAYLOAD_KV_CONFIG` names. Throws where it exports none. */
export async function sanitisedConfig(): Promise<SanitizedConfig> {
  const { PAYLOAD_KV_CONFIG: file } = process.env;
  const module = (await import(pathToFileURL(file!).href)) as { default?: unknown };
  // A CommonJS config comes as the default of a default.
  const exported = await (module.default as { default?: unknown } | undefined);
  const config = (await (isConfig(exported) ? exported : exported?.default)) as unknown;
  if (!isConfig(config))
    throw new Error('The default export of the config is nothing that Payload sanitised.');
  return config;
}

function isConfig(value: unknown): value is SanitizedConfig {
  return typeof value === 'object' && value !== null && Array.isArray((value as SanitizedConfig).collections);
}

/** Message and stack of whatever was thrown. */
export function failureOf(error: unknown): { message: string; stack: string } {
  const { message, stack = '' } = error instanceof Error ? error : { message: String(error) };
  return { message, stack };
}

/** Writes the answer as JSON, and ends the process. */
export function reply(answer: unknown): never {
  const bytes = Buffer.from(JSON.stringify(answer));
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(REPLY, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
  // Connections and what the config opened, such as a local platform, are not to keep the process alive.
  process.exit(0);
}

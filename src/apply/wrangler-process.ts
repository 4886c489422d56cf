/** How the project's own wrangler is started, and what it says where it fails. */
import { stripVTControlCharacters } from 'node:util';

/**
 * Without a terminal it asks nothing and opens no browser; without a banner it looks for no newer version. The
 * environment of the config is named by `--env` alone.
 */
export const WRANGLER_ENVIRONMENT = {
  CLOUDFLARE_ENV: undefined,
  CI: 'true',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
} as const;

/**
 * What wrangler says after its first `[ERROR]`, on one line and without credentials: the heading alone seldom holds
 * the reason. The last line where it marks none, empty where it said nothing.
 */
export function errorSaid(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.trim());
  const start = lines.findIndex((line) => line.includes('[ERROR]'));
  if (start === -1) return withoutSecrets(lines.findLast((line) => line !== '') ?? '');
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /\[ERROR\]|\[WARNING\]|^If you think|^🪵|^📎/u.test(line));
  const notes = rest.slice(0, end === -1 ? undefined : end).filter((line) => line !== '');
  return withoutSecrets([lines[start]!.replace(/^.*\[ERROR\]\s*/, ''), ...notes].join(' '));
}

/** Should a server repeat what it was sent: no credentials of the environment get into a message. */
function withoutSecrets(text: string): string {
  return Object.entries(process.env)
    .filter(([name, value]) => /TOKEN|KEY|SECRET|PASSWORD/i.test(name) && (value?.length ?? 0) >= 6)
    .reduce((left, [, value]) => left.replaceAll(value!, '[secret]'), text)
    .replace(/\bBearer\s+\S+/gi, 'Bearer [secret]');
}

/** Runs the project's own wrangler, with its own login and account, and understands why it fails. */
import path from 'node:path';
import { execa } from 'execa';
import { errorSaid, WRANGLER_ENVIRONMENT } from '../apply/wrangler-process.js';
import { PayloadKVError } from '../errors.js';
import { readManifest } from '../inspect/manifest.js';
import type { InstalledPackage } from './installed-package.js';

/** Milliseconds that a command may take: a request that hangs is given up. */
const PATIENCE = 60_000;
const LONGEST_QUOTE = 240;

/** How the project's wrangler is run. */
export interface WranglerOptions {
  /** Directory it runs in: the project's. */
  root: string;
  /** The project's wrangler. */
  installed: InstalledPackage;
  /** The command line by which a person runs it, e.g. `npx wrangler login`. */
  command(line: string): string;
  /** Most milliseconds a command may take. Default 60,000. */
  patience?: number;
  /** Told of each command before it runs. */
  onCommand?: (command: string) => void;
  /** Starts it. Default: a process. */
  start?: (args: readonly string[], patience: number) => Promise<Ended>;
}

/** How a command ended. */
export interface Ended {
  /** `undefined` where it did not run to its end. */
  exitCode?: number | undefined;
  stdout: string;
  stderr: string;
  timedOut?: boolean;
  /** Why it did not run. */
  originalMessage?: string;
}

/** What a command needs to be allowed to do, as Cloudflare names it. */
export type Permission = 'Workers KV Storage: Read' | 'Workers KV Storage: Edit' | 'Workers Scripts: Read';

/** Runs one command and returns what it wrote on standard output. */
export type Wrangler = (args: readonly string[], permission: Permission) => Promise<string>;

/**
 * Prepares commands of the project's wrangler.
 *
 * They throw a PayloadKVError that says what to do: `REMOTE_LOGIN`, `REMOTE_ACCOUNT`, `REMOTE_FORBIDDEN`,
 * `REMOTE_NOT_FOUND`, `REMOTE_NOT_DEPLOYED`, `REMOTE_LIMIT`, `REMOTE_FAULT`, `REMOTE_NETWORK`, `REMOTE_TIMEOUT`,
 * `REMOTE_UNKNOWN`.
 */
export function wranglerCommand(options: WranglerOptions): Wrangler {
  const { command, patience = PATIENCE, onCommand, start = startProcess(options) } = options;
  return async (args, permission) => {
    const name = `wrangler ${args.slice(0, 3).filter(isWord).join(' ')}`;
    onCommand?.(name);
    const result = await start(args, patience);
    if (result.exitCode === 0) return result.stdout;
    if (result.timedOut) {
      throw trouble(
        'TIMEOUT',
        `\`${name}\` had no answer within ${patience / 1000} seconds.`,
        `Check the network, then run: ${command('wrangler kv namespace list')}`,
      );
    }
    const said = errorSaid(`${result.stderr}\n${result.stdout}`) || (result.originalMessage ?? '');
    throw troubleOf(said, name, permission, command);
  };
}

function startProcess({ root, installed }: WranglerOptions) {
  return (args: readonly string[], timeout: number): Promise<Ended> =>
    execa(process.execPath, [executable(installed), ...args], {
      cwd: root,
      stdin: 'ignore',
      env: WRANGLER_ENVIRONMENT,
      timeout,
      reject: false,
      stripFinalNewline: false,
    });
}

/** The words of a command; what follows an option or a key is none. */
function isWord(argument: string): boolean {
  return /^[a-z]+$/.test(argument);
}

function executable({ dir }: InstalledPackage): string {
  const bin: string | Record<string, string> | undefined = readManifest(dir)?.bin;
  return path.join(dir, (typeof bin === 'string' ? bin : bin?.wrangler) ?? 'bin/wrangler.js');
}

function troubleOf(
  said: string,
  name: string,
  permission: Permission,
  command: (line: string) => string,
): PayloadKVError {
  const code = Number(/\[code: (\d+)\]/.exec(said)?.[1]);
  const status = Number(/(?:-> | - )(\d{3})\b/.exec(said)?.[1]);
  const login = `Run: ${command('wrangler login')}\nOr, where there is no browser, set CLOUDFLARE_API_TOKEN.`;
  const quote = quotedReason(said);

  if (/necessary to set a CLOUDFLARE_API_TOKEN|not logged in|not authenticated|failed to login/i.test(said)) {
    return trouble('LOGIN', 'wrangler is not logged in.', login);
  }
  if (
    /invalid access token|unable to authenticate|authorization header|expired/i.test(said) ||
    status === 401
  ) {
    return trouble('LOGIN', `Cloudflare does not accept wrangler's credentials${quote}.`, login);
  }
  if (/more than one account|retrieve account ids/i.test(said) || code === 7003) {
    return trouble(
      'ACCOUNT',
      code === 7003
        ? `Cloudflare does not know the account that wrangler asks for${quote}.`
        : 'wrangler cannot tell which account to take.',
      'Write the right "account_id" into the wrangler config, or set CLOUDFLARE_ACCOUNT_ID.',
    );
  }
  if (code === 10_007 || code === 10_090 || /has no deployments/.test(said)) {
    return trouble(
      'NOT_DEPLOYED',
      'The Worker was never deployed.',
      'Deploy the site, then run doctor again.',
    );
  }
  if (code === 10_000 || code === 9109 || status === 403) {
    return trouble(
      'FORBIDDEN',
      `Cloudflare refuses \`${name}\`${quote}: the credentials are not of this account, or lack "${permission}".`,
      `Give the API token the permission "${permission}" for this account, or log in as somebody who has it: ${command('wrangler login')}`,
    );
  }
  if (code === 10_013 || status === 404) {
    return trouble(
      'NOT_FOUND',
      `Cloudflare does not find what \`${name}\` asks for${quote}.`,
      `See which namespaces there are: ${command('wrangler kv namespace list')}`,
    );
  }
  if (code === 971 || status === 429 || /throttling|rate.?limit|too many requests/i.test(said)) {
    return trouble(
      'LIMIT',
      `Cloudflare refuses \`${name}\`: too many requests${quote}.`,
      'Wait five minutes, then run doctor again.',
    );
  }
  if (status >= 500 || /internal (server )?error|malformed response|bad gateway|unavailable/i.test(said)) {
    return trouble(
      'FAULT',
      `Cloudflare could not answer \`${name}\`${quote}.`,
      'It is a fault of Cloudflare: see https://www.cloudflarestatus.com, and run doctor again later.',
    );
  }
  // Wrangler says no more of a lost connection, nor of an answer that it cannot read.
  if (/fetch failed|connectivity|connection error|request to the Cloudflare API failed\.?$/i.test(said)) {
    return trouble(
      'NETWORK',
      `\`${name}\` does not get through to Cloudflare.`,
      `Check the network and https://www.cloudflarestatus.com, then run: ${command('wrangler kv namespace list')}`,
    );
  }
  return trouble(
    'UNKNOWN',
    `\`${name}\` failed: ${said.slice(0, LONGEST_QUOTE).replace(/\.$/, '') || 'it did not say why'}.`,
    `See what it says: ${command('wrangler kv namespace list')}`,
  );
}

/** Cloudflare's own words out of wrangler's, in brackets. */
function quotedReason(said: string): string {
  const reason =
    /failed\.\s+(.+)$/.exec(said)?.[1] ??
    /(?:-> | - )(\d{3}:? [\w ]+)/.exec(said)?.[1]?.replace(':', '') ??
    '';
  return reason ? ` (${reason.slice(0, LONGEST_QUOTE).replace(/\.$/, '')})` : '';
}

function trouble(code: string, message: string, nextStep: string): PayloadKVError {
  return new PayloadKVError({ code: `REMOTE_${code}`, message, nextStep });
}

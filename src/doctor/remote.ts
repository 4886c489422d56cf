/** What is deployed, as the project's own wrangler tells it. */
import { PayloadKVError } from '../errors.js';
import type { WranglerConfig } from '../inspect/wrangler.js';
import { compareVersions } from '../version.js';
import type { InstalledPackage } from './installed-package.js';
import { type Permission, type WranglerOptions, wranglerCommand } from './wrangler-command.js';

/** From this version on `kv key` takes `--remote`, and `deployments` and `versions` speak JSON. */
export const OLDEST_WRANGLER = '4.0.0';

/** A KV namespace of the account. */
export interface RemoteNamespace {
  id: string;
  title: string;
}

/** A binding of a deployed version; of those with values, neither the value nor anything else is kept. */
export interface DeployedBinding {
  /** E.g. `kv_namespace`, `durable_object_namespace`. */
  type: string;
  name: string;
  /** Of a KV namespace: its id. */
  namespaceId?: string;
  /** Of a Durable Object: its class. */
  className?: string;
}

/**
 * The deployed side. Environments are those of the wrangler config, `undefined` the top level. What is asked twice is
 * asked once; a request that fails throws a PayloadKVError that says what to do.
 */
export interface Remote {
  /** Through what it is asked, e.g. `wrangler 4.82.2`. */
  through: string;
  /** The environments to look at, `''` for the top level; `undefined` for all. */
  environments?: readonly string[];
  /** KV namespaces of the account of an environment. */
  namespaces(env: string | undefined): Promise<RemoteNamespace[]>;
  /** Bindings of each deployed version: more than one in a gradual deployment. `undefined` where there is none. */
  deployed(env: string | undefined): Promise<DeployedBinding[][] | undefined>;
  /** Writes a key that expires after a minute. */
  put(env: string | undefined, namespaceId: string, key: string, value: string): Promise<void>;
  /** `undefined` where there is no such key. */
  get(env: string | undefined, namespaceId: string, key: string): Promise<string | undefined>;
  delete(env: string | undefined, namespaceId: string, key: string): Promise<void>;
}

/** What {@link wranglerRemote} needs. */
export interface WranglerRemoteOptions extends Omit<WranglerOptions, 'installed'> {
  /** `undefined` where the project has none: each request then says so. */
  installed: InstalledPackage | undefined;
  /** The command that installs a development dependency, e.g. `npm install -D`. */
  add: string;
  wrangler: WranglerConfig | undefined;
  environments?: readonly string[];
}

/** Asks through the project's own wrangler, with whatever it is logged in with. */
export function wranglerRemote(options: WranglerRemoteOptions): Remote {
  const { installed, wrangler, environments } = options;
  const ask = wranglerQuestions(options);
  const known = new Map<string, Promise<unknown>>();
  const once = <Result>(name: string, question: () => Promise<Result>): Promise<Result> => {
    if (!known.has(name)) known.set(name, question());
    return known.get(name) as Promise<Result>;
  };
  const inNamespace = (id: string) => ['--namespace-id', id, '--remote'];
  // With one account for all, its namespaces are asked for once.
  const hasAccounts = (wrangler?.content.match(/\baccount_id\b/g) ?? []).length > 1;
  return {
    through: `wrangler ${installed?.version}`,
    ...(environments ? { environments } : {}),
    namespaces: (env) => once(`namespaces ${hasAccounts ? (env ?? '') : ''}`, () => listNamespaces(ask, env)),
    deployed: (env) => once(`deployed ${env ?? ''}`, () => deployedVersions(ask, env)),
    async put(env, id, key, value) {
      const args = ['kv', 'key', 'put', key, value, '--ttl', '60', ...inNamespace(id)];
      await ask.text(env, args, 'Workers KV Storage: Edit');
    },
    async get(env, id, key) {
      const args = ['kv', 'key', 'get', key, '--text', ...inNamespace(id)];
      return undefinedOn('REMOTE_NOT_FOUND', () => ask.text(env, args, 'Workers KV Storage: Read'));
    },
    async delete(env, id, key) {
      await ask.text(env, ['kv', 'key', 'delete', key, ...inNamespace(id)], 'Workers KV Storage: Edit');
    },
  };
}

/** Commands of wrangler for an environment. */
export interface WranglerQuestions {
  /** What it answers, as it writes it. */
  text(env: string | undefined, args: string[], permission: Permission): Promise<string>;
  json(env: string | undefined, args: string[], permission: Permission): Promise<unknown>;
  notUnderstood(args: string[]): PayloadKVError;
}

/** Commands through the project's own wrangler, each of which says what to do where it fails. */
export function wranglerQuestions(options: WranglerRemoteOptions): WranglerQuestions {
  const { installed, wrangler, add } = options;
  const ask: WranglerQuestions = {
    // Where there is no usable wrangler, each question says so.
    text: async (env, args, permission) =>
      wranglerCommand({ ...options, installed: usable(installed, add) })(
        [...args, '--config', wrangler?.path ?? '', ...(env ? ['--env', env] : [])],
        permission,
      ),
    async json(env, args, permission) {
      const output = await ask.text(env, args, permission);
      // Something may have been said before.
      const [, text = ''] = /^([[{][\s\S]*)/m.exec(output) ?? [];
      try {
        // And behind: `kv bulk get` ends with a word of success.
        return JSON.parse(text.replace(/^([}\]])\s*\n[^{}[\]"]*$/m, '$1')) as unknown;
      } catch {
        throw ask.notUnderstood(args);
      }
    },
    notUnderstood: (args) =>
      new PayloadKVError({
        code: 'REMOTE_NOT_UNDERSTOOD',
        message: `What wrangler ${installed?.version} answers to \`${args.slice(0, 3).join(' ')}\` is not understood.`,
        nextStep: `Update payload-kv; until then: ${options.command('wrangler kv namespace list')}`,
      }),
  };
  return ask;
}

async function listNamespaces(ask: WranglerQuestions, env: string | undefined): Promise<RemoteNamespace[]> {
  const args = ['kv', 'namespace', 'list'];
  const list = await ask.json(env, args, 'Workers KV Storage: Read');
  if (!Array.isArray(list) || !list.every(isNamespace)) throw ask.notUnderstood(args);
  return list.map(({ id, title }) => ({ id, title }));
}

async function deployedVersions(
  ask: WranglerQuestions,
  env: string | undefined,
): Promise<DeployedBinding[][] | undefined> {
  const status = ['deployments', 'status', '--json'];
  return undefinedOn('REMOTE_NOT_DEPLOYED', async () => {
    const { versions } = (await ask.json(env, status, 'Workers Scripts: Read')) as { versions?: unknown };
    if (!Array.isArray(versions)) throw ask.notUnderstood(status);
    return await Promise.all(
      versions.map(async ({ version_id: id }: { version_id?: unknown }) => {
        const view = ['versions', 'view', String(id), '--json'];
        const version = (await ask.json(env, view, 'Workers Scripts: Read')) as VersionDocument;
        const bindings = version.resources?.bindings;
        if (!Array.isArray(bindings)) throw ask.notUnderstood(view);
        return bindings.map(bindingOf);
      }),
    );
  });
}

/** An answer, where one failure is an answer as well: that there is nothing. */
async function undefinedOn<Answer>(
  code: string,
  question: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof PayloadKVError && error.code === code) return undefined;
    throw error;
  }
}

interface VersionDocument {
  resources?: { bindings?: unknown };
}

function isNamespace(value: unknown): value is RemoteNamespace {
  const { id, title } = (value ?? {}) as Partial<RemoteNamespace>;
  return typeof id === 'string' && typeof title === 'string';
}

function bindingOf(binding: Record<string, unknown>): DeployedBinding {
  const { type, name, namespace_id: namespaceId, class_name: className } = binding;
  return {
    type: String(type),
    name: String(name),
    ...(type === 'kv_namespace' && typeof namespaceId === 'string' ? { namespaceId } : {}),
    ...(typeof className === 'string' ? { className } : {}),
  };
}

function usable(installed: InstalledPackage | undefined, add: string): InstalledPackage {
  if (!installed) {
    throw new PayloadKVError({
      code: 'REMOTE_NO_WRANGLER',
      message: 'wrangler is not installed in this project.',
      nextStep: `Run: ${add} wrangler`,
    });
  }
  if (compareVersions(installed.version, OLDEST_WRANGLER) < 0) {
    throw new PayloadKVError({
      code: 'REMOTE_OLD_WRANGLER',
      message: `wrangler ${installed.version} is too old: --remote needs ${OLDEST_WRANGLER} or newer.`,
      nextStep: `Run: ${add} wrangler@4`,
    });
  }
  return installed;
}

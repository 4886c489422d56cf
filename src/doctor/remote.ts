/** What is deployed, as the project's own wrangler tells it. */
import { PayloadKVError } from '../errors.js';
import type { WranglerConfig } from '../inspect/wrangler.js';
import { compareVersions } from '../version.js';
import type { InstalledPackage } from './context.js';
import { type WranglerOptions, wranglerCommand } from './wrangler-command.js';

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
  const { installed, wrangler, environments, add } = options;
  const known = new Map<string, Promise<unknown>>();
  const once = <Result>(name: string, ask: () => Promise<Result>): Promise<Result> => {
    if (!known.has(name)) known.set(name, ask());
    return known.get(name) as Promise<Result>;
  };
  const run = async (env: string | undefined, args: string[], permission: Parameters<typeof command>[1]) =>
    command([...args, '--config', wrangler?.path ?? '', ...(env ? ['--env', env] : [])], permission);
  const command: ReturnType<typeof wranglerCommand> = async (args, permission) =>
    wranglerCommand({ ...options, installed: usable(installed, add) })(args, permission);
  const inNamespace = (id: string) => ['--namespace-id', id, '--remote'];
  // With one account for all, its namespaces are asked for once.
  const hasAccounts = (wrangler?.content.match(/\baccount_id\b/g) ?? []).length > 1;

  async function json(env: string | undefined, args: string[], permission: Parameters<typeof command>[1]) {
    const output = await run(env, args, permission);
    // Something may have been said before.
    const [, text = ''] = /^([[{][\s\S]*)/m.exec(output) ?? [];
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw notUnderstood(args);
    }
  }

  function notUnderstood(args: string[]): PayloadKVError {
    return new PayloadKVError({
      code: 'REMOTE_NOT_UNDERSTOOD',
      message: `What wrangler ${installed?.version} answers to \`${args.slice(0, 3).join(' ')}\` is not understood.`,
      nextStep: `Update payload-kv; until then: ${options.command('wrangler kv namespace list')}`,
    });
  }

  async function listNamespaces(env: string | undefined): Promise<RemoteNamespace[]> {
    const args = ['kv', 'namespace', 'list'];
    const list = await json(env, args, 'Workers KV Storage: Read');
    if (!Array.isArray(list) || !list.every(isNamespace)) throw notUnderstood(args);
    return list.map(({ id, title }) => ({ id, title }));
  }

  async function deployedVersions(env: string | undefined): Promise<DeployedBinding[][] | undefined> {
    const status = ['deployments', 'status', '--json'];
    try {
      const { versions } = (await json(env, status, 'Workers Scripts: Read')) as { versions?: unknown };
      if (!Array.isArray(versions)) throw notUnderstood(status);
      return await Promise.all(
        versions.map(async ({ version_id: id }: { version_id?: unknown }) => {
          const view = ['versions', 'view', String(id), '--json'];
          const version = (await json(env, view, 'Workers Scripts: Read')) as VersionDocument;
          const bindings = version.resources?.bindings;
          if (!Array.isArray(bindings)) throw notUnderstood(view);
          return bindings.map(bindingOf);
        }),
      );
    } catch (error) {
      if (error instanceof PayloadKVError && error.code === 'REMOTE_NOT_DEPLOYED') return undefined;
      throw error;
    }
  }

  return {
    through: `wrangler ${installed?.version}`,
    ...(environments ? { environments } : {}),
    namespaces: (env) => once(`namespaces ${hasAccounts ? (env ?? '') : ''}`, () => listNamespaces(env)),
    deployed: (env) => once(`deployed ${env ?? ''}`, () => deployedVersions(env)),
    async put(env, id, key, value) {
      const args = ['kv', 'key', 'put', key, value, '--ttl', '60', ...inNamespace(id)];
      await run(env, args, 'Workers KV Storage: Edit');
    },
    async get(env, id, key) {
      try {
        const args = ['kv', 'key', 'get', key, '--text', ...inNamespace(id)];
        return await run(env, args, 'Workers KV Storage: Read');
      } catch (error) {
        if (error instanceof PayloadKVError && error.code === 'REMOTE_NOT_FOUND') return undefined;
        throw error;
      }
    },
    async delete(env, id, key) {
      await run(env, ['kv', 'key', 'delete', key, ...inNamespace(id)], 'Workers KV Storage: Edit');
    },
  };
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

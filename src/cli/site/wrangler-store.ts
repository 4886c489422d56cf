/** The KV namespace of a project, through its own wrangler: with the login, the account and the config that it has. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { doctorContext } from '../../doctor/context.js';
import { deployedNamespaces } from '../../doctor/deployed-namespace.js';
import { ADD_DEVELOPMENT } from '../../doctor/installed-package.js';
import { kvStore, namespaceOf, placesOf } from '../../doctor/kv-store.js';
import { type WranglerQuestions, wranglerQuestions, wranglerRemote } from '../../doctor/remote.js';
import { PayloadKVError } from '../../errors.js';
import type { Registry } from '../../interfaces/registry.js';
import type { Store, StoreWrite } from '../../interfaces/store.js';
import { keyPrefix } from '../../platform/environment.js';
import { kvRegistry } from '../../registries/kv.js';
import { SHORTEST_EXPIRY } from '../../stores/cloudflare-kv.js';
import { variableIn } from '../environment-files.js';
import { readProject } from '../read-project.js';
import { createProgress } from '../terminal/progress.js';
import type { Terminal } from '../terminal/terminal.js';
import type { SourceFlags } from './site-address.js';

/** Keys that wrangler reads at once: the API takes no more. */
const MOST_READ = 100;
/** Keys that it deletes at once. */
const MOST_DELETED = 10_000;

/**
 * The namespace that the project's wrapper and wrangler config name.
 * @throws PayloadKVError `STORE_NOT_NAMED`, and what wrangler's answers come to: see wrangler-command.ts
 */
export async function openWranglerStore(
  flags: SourceFlags,
  terminal: Terminal,
): Promise<{ store: Store; place: string }> {
  const { env, local = false } = flags;
  const context = await doctorContext(await readProject(flags, terminal));
  const { project, command, findPackage } = context;
  const { root, wrangler, packageManager } = project;
  const reading = kvStore(context);
  const binding = reading?.binding;
  const place = wrangler && placesOf(wrangler).find((each) => each.env === env);
  if (!reading || binding === undefined || !wrangler || !place) {
    throw new PayloadKVError({
      code: 'STORE_NOT_NAMED',
      message: !reading
        ? 'The wrapper of this project names no store on Cloudflare KV.'
        : binding === undefined
          ? `The binding of \`${reading.expression}\` is not written out.`
          : `There is no wrangler config${env === undefined ? '' : ` with env.${env}`} that could say which namespace it is.`,
      nextStep: 'Run the command in the project, or ask the running site: --url http://localhost:3000.',
    });
  }
  const progress = createProgress(terminal);
  const options = {
    root,
    wrangler,
    command,
    installed: findPackage('wrangler'),
    add: ADD_DEVELOPMENT[packageManager],
    onCommand: progress.show,
  };
  const declared = namespaceOf(place.declared, binding);
  const id = local
    ? (declared?.id ?? binding)
    : (deployedNamespaces(await wranglerRemote(options).deployed(env), binding)[0] ?? declared?.id);
  progress.clear();
  if (id === undefined) {
    throw new PayloadKVError({
      code: 'STORE_NOT_NAMED',
      message: `The namespace of ${binding} has no id in ${wrangler.path}, and no deployed Worker has it.`,
      nextStep: 'Deploy the site, or name another environment with --env.',
    });
  }
  const prefix = variableIn(root, 'PAYLOAD_KV_PREFIX') ?? keyPrefix(reading.settings?.prefix?.text);
  const where = ['--namespace-id', id, local ? '--local' : '--remote'];
  return {
    store: wranglerStore({ ask: wranglerQuestions(options), env, where, prefix, progress }),
    place: `${binding} (${id}), ${local ? 'local' : 'deployed'}`,
  };
}

interface WranglerStoreParts {
  ask: WranglerQuestions;
  env: string | undefined;
  /** The flags that name the namespace. */
  where: readonly string[];
  prefix: string;
  progress: ReturnType<typeof createProgress>;
}

function wranglerStore({ ask, env, where, prefix, progress }: WranglerStoreParts): Store {
  const edit = 'Workers KV Storage: Edit';
  const read = 'Workers KV Storage: Read';
  const ended = <Result>(answer: Promise<Result>): Promise<Result> => answer.finally(progress.clear);
  let registry: Registry | undefined;
  let waiting: StoreWrite[] = [];
  let writing: Promise<void> | undefined;

  /** What is written in the same moment goes together: each command takes seconds, and two at once lock the local state. */
  function write(one: StoreWrite): Promise<void> {
    waiting.push(one);
    writing ??= Promise.resolve().then(() => {
      const pairs = waiting.map(({ key, value, ttl }) => ({
        key: prefix + key,
        value,
        ...(ttl === undefined ? {} : { expiration_ttl: Math.max(SHORTEST_EXPIRY, Math.ceil(ttl)) }),
      }));
      waiting = [];
      writing = undefined;
      return withFile(pairs, async (file) => {
        await ended(ask.text(env, ['kv', 'bulk', 'put', file, ...where], edit));
      });
    });
    return writing;
  }

  const store: Store = {
    name: 'cloudflareKV',
    async get(key) {
      return (await store.getMany([key]))[0];
    },
    async getMany(keys) {
      const values = new Map<string, string>();
      for (let start = 0; start < keys.length; start += MOST_READ) {
        const some = keys.slice(start, start + MOST_READ).map((key) => prefix + key);
        const found = await withFile(some, (file) =>
          ended(ask.json(env, ['kv', 'bulk', 'get', file, ...where], read)),
        );
        for (const [key, each] of Object.entries(found ?? {})) {
          const value = (each as { value?: unknown } | null)?.value;
          if (typeof value === 'string') values.set(key, value);
        }
      }
      return keys.map((key) => values.get(prefix + key));
    },
    set: (key, value, ttl) => write({ key, value, ttl }),
    async setMany(writes) {
      await Promise.all(writes.map(write));
    },
    delete: (key) => store.deleteMany([key]),
    async deleteMany(keys) {
      for (let start = 0; start < keys.length; start += MOST_DELETED) {
        const some = keys.slice(start, start + MOST_DELETED).map((key) => prefix + key);
        await withFile(some, (file) =>
          ended(ask.text(env, ['kv', 'bulk', 'delete', file, '--force', ...where], edit)),
        );
      }
    },
    async *list(beginning) {
      const args = ['kv', 'key', 'list', '--prefix', prefix + beginning, ...where];
      const found = await ended(ask.json(env, args, read));
      if (!Array.isArray(found)) throw ask.notUnderstood(args);
      const names = found.map((key: { name?: unknown } | null) => String(key?.name).slice(prefix.length));
      if (names.length > 0) yield names;
    },
    health: () => ({ ok: true }),
    close: () => undefined,
    defaultRegistry() {
      registry ??= kvRegistry(store);
      return registry;
    },
  };
  return store;
}

/** What wrangler reads from a file: keys are no secret, but nobody else's business either. */
async function withFile<Result>(
  content: readonly unknown[],
  use: (file: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(path.join(tmpdir(), 'payload-kv-keys-'));
  try {
    const file = path.join(directory, 'keys.json');
    writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
    return await use(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Wrangler: the forms of its config, and of the types of the env beside it. */
import type { Draw } from './draw.js';

/** The wrangler config of a project. */
export interface Wrangler {
  name: string;
  /** File by path relative to the package. */
  files: Record<string, string>;
  /** The type of the env that the project's code can name; absent where there are no types. */
  envType?: string;
}

const D1 = { binding: 'D1', database_id: '5f0c2b7e-3c1d-4a58-9d4e-6b1f8f2f7a10', database_name: 'site' };
const STAGING = { ...D1, database_id: 'c2a4de91-7b0f-4f3e-8a65-1d9e0b7c3f42', database_name: 'site-staging' };
const OTHER = { binding: 'SESSIONS', id: '0f2ac74b498b48028cb68387c421e279' };

/** Draws a wrangler config and the types of its env. */
export function drawWrangler(draw: Draw): Wrangler {
  const form = draw(['wrangler.jsonc', 'wrangler.jsonc', 'wrangler.json', 'wrangler.toml'] as const);
  const staging = draw([true, false]);
  const kv = draw([false, false, true]);
  const oneLine = draw([false, false, true]);
  const types = draw(['none', 'interface', 'namespace', 'namespace and process env'] as const);
  const config = {
    name: 'site',
    main: '.open-next/worker.js',
    compatibility_date: '2026-03-01',
    compatibility_flags: ['nodejs_compat'],
    d1_databases: [D1],
    ...(kv ? { kv_namespaces: [OTHER] } : {}),
    ...(staging
      ? {
          env: {
            staging: {
              name: 'site-staging',
              d1_databases: [STAGING],
              ...(kv ? { kv_namespaces: [OTHER] } : {}),
            },
          },
        }
      : {}),
  };
  const text =
    form === 'wrangler.toml'
      ? toml(config, oneLine)
      : form === 'wrangler.json'
        ? `${JSON.stringify(config, undefined, oneLine ? undefined : 2)}\n`
        : commented(JSON.stringify(config, undefined, 2));
  return {
    name: [
      form,
      ...(form === 'wrangler.json' && oneLine ? ['on one line'] : []),
      ...(form === 'wrangler.toml' && oneLine ? ['lists in place'] : []),
      ...(staging ? ['staging'] : []),
      ...(kv ? ['with a namespace'] : []),
      types === 'none' ? 'no types' : `types by ${types}`,
    ].join(', '),
    files: { [form]: text, ...typesFile(types, kv) },
    ...(types === 'none' ? {} : { envType: 'CloudflareEnv' }),
  };
}

function commented(json: string): string {
  return `${json
    .replace('{\n', '{\n  // The site.\n')
    .replace('  "d1_databases"', '\n  /* Content; migrated before each deploy. */\n  "d1_databases"')
    .replace(/\n}$/, ',\n}')}\n`;
}

function toml(config: Record<string, any>, inPlace: boolean): string {
  const { d1_databases: databases, kv_namespaces: namespaces = [], env = {}, ...plain } = config;
  const rows = (values: object) =>
    Object.entries(values)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
      .join('');
  const tables = (name: string, all: object[]) =>
    inPlace && all.length > 0
      ? `${name.split('.').at(-1)} = [${all.map((it) => `{ ${rows(it).trimEnd().replaceAll('\n', ', ')} }`).join(', ')}]\n`
      : all.map((it) => `\n[[${name}]]\n${rows(it)}`).join('');
  const environments = Object.entries(env as Record<string, any>).map(
    ([name, { d1_databases: own, kv_namespaces: ownNamespaces = [], ...rest }]) =>
      `\n[env.${name}] # a copy\n${rows(rest)}${tables(`env.${name}.d1_databases`, own)}${tables(`env.${name}.kv_namespaces`, ownNamespaces)}`,
  );
  return `# The site.\n${rows(plain)}${tables('d1_databases', databases)}${tables('kv_namespaces', namespaces)}${environments.join('')}`;
}

function typesFile(kind: string, kv: boolean): Record<string, string> {
  const members = (indent: string) =>
    `${indent}D1: import('@cloudflare/workers-types').D1Database;\n${kv ? `${indent}SESSIONS: import('@cloudflare/workers-types').KVNamespace;\n` : ''}`;
  switch (kind) {
    case 'interface':
      return { 'cloudflare-env.d.ts': `interface CloudflareEnv {\n${members('  ')}}\n` };
    case 'namespace':
      return {
        'cloudflare-env.d.ts': `declare namespace Cloudflare {\n  interface Env {\n${members('    ')}  }\n}\ninterface CloudflareEnv extends Cloudflare.Env {}\n`,
      };
    case 'namespace and process env':
      return {
        'cloudflare-env.d.ts': `declare namespace Cloudflare {\n  interface Env {\n    NEXTJS_ENV: string;\n${members('    ')}  }\n}\ninterface CloudflareEnv extends Cloudflare.Env {}\ntype StringifyValues<EnvType extends Record<string, unknown>> = {\n  [Binding in keyof EnvType]: EnvType[Binding] extends string ? EnvType[Binding] : string;\n};\ndeclare namespace NodeJS {\n  interface ProcessEnv extends StringifyValues<Pick<Cloudflare.Env, 'NEXTJS_ENV'>> {}\n}\n`,
      };
    default:
      return {};
  }
}

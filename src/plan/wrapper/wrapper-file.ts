/** `payload-kv/index.ts` and `payload-kv/hooks.ts`: the two files that the user owns from then on. */
import { posix } from 'node:path';
import type { CodeStyle } from '../../inspect/code-style.js';
import {
  type Answers,
  type GlobalAnswer,
  type PagesMode,
  REGISTRIES_OF,
  type StoreOptions,
} from '../answers.js';
import { type GeneratedPaths, importSpecifier, languageOf } from '../generated-paths.js';
import { propertyKey, quote } from '../text/literal.js';
import { type Literal, printLiteral } from '../text/print-literal.js';
import { restyle } from '../text/restyle.js';
import { fillTemplate, type Templates } from '../text/template.js';

/** What the generated code depends on in the project. */
export interface WrapperContext {
  paths: GeneratedPaths;
  style: CodeStyle;
  templates: Templates;
  /** `payload-types.ts`, if the slugs can be typed against it. */
  typesFile?: string;
  /** The type of the Cloudflare env that the config holds; `undefined` where it holds none. */
  envType?: string;
}

/** The text of `payload-kv/index.ts`. */
export function renderWrapper(answers: Answers, context: WrapperContext): string {
  const { paths, style, templates, typesFile, envType } = context;
  const typed = languageOf(paths.wrapper) === 'ts';
  const cloudflare = answers.store === 'cloudflare-kv';
  const withEnv = cloudflare && envType !== undefined;
  const specifier = (target: string) => quote(importSpecifier(paths.wrapper, target, style.importExtension));

  const { store, registry } = answers;
  const ofStore = registry === undefined || registry === REGISTRIES_OF[store][0];
  const names = { main: ['payloadKV'], cloudflare: [] as string[], redis: [] as string[] };
  if (store === 'memory') names.main.push('memory');
  if (store === 'redis') names.redis.push('redis');
  if (cloudflare) names.cloudflare.push('cloudflareKV');
  if (!ofStore && registry === 'database') names.main.push('databaseRegistry');
  if (!ofStore && registry === 'redis') names.redis.push('redisRegistry');
  if (!ofStore && registry === 'durable-object') names.cloudflare.push('durableObjectRegistry');
  const importOf = (list: string[], specifier: string) =>
    list.length > 0 ? `import { ${list.sort().join(', ')} } from '${specifier}';` : '';
  const { pages, adminView } = answers;
  const { prefix } = answers.storeOptions ?? {};
  const prefixed = prefix === undefined ? '' : `, prefix: ${quote(prefix)}`;
  const bound = (binding: string, more = '') =>
    `{ binding: ${quote(binding)}${withEnv ? ', env' : ''}${more} }`;

  const code = fillTemplate(withEnv ? templates.indexWithEnv : templates.index, {
    schemaFile: posix.basename(paths.schema),
    runtimeNames: names.main.sort().join(', '),
    storeImport: [
      importOf(names.cloudflare, 'payload-kv/cloudflare'),
      importOf(pages ? ['nextPages'] : [], 'payload-kv/next'),
      importOf(adminView ? ['observe'] : [], 'payload-kv/observe'),
      importOf(names.redis, 'payload-kv/redis'),
    ]
      .filter(Boolean)
      .join('\n'),
    typeImport: typed && typesFile ? `import type { Config } from ${specifier(typesFile)};` : '',
    hooksModule: specifier(paths.hooks),
    schemaModule: specifier(paths.schema),
    note:
      names.redis.length > 0
        ? `// Redis is where ${addressIn(answers.storeOptions)} says; a build needs none.`
        : '',
    envParameter: typed ? `env: ${envType}` : 'env',
    typeArgument: !typed ? '' : typesFile ? '<Config>' : '<typeof schema>',
    store: cloudflare
      ? `cloudflareKV(${bound(answers.binding!, prefixed)})`
      : store === 'redis'
        ? `redis(${redisOptions(answers.storeOptions)})`
        : 'memory()',
    registry: ofStore ? '' : `registry: ${registryCall()},`,
    pages: pages ? `pages: ${printPages(pages)},` : '',
    observe: adminView ? `observe: ${ADMIN_VIEW},` : '',
    ttl: printTTL(answers.ttl),
    collections: printPolicies(answers.collections),
    globals: printPolicies(answers.globals),
  });
  return restyle(code, style);

  function registryCall(): string {
    if (registry === 'durable-object') return `durableObjectRegistry(${bound(answers.tagsBinding!)})`;
    return registry === 'redis' ? 'redisRegistry()' : 'databaseRegistry()';
  }
}

/** The text of `payload-kv/hooks.ts`. */
export function renderHooks(answers: Answers, context: WrapperContext): string {
  const { paths, style, templates, typesFile } = context;
  const typed = languageOf(paths.hooks) === 'ts';
  const specifier = (target: string) => quote(importSpecifier(paths.hooks, target, style.importExtension));
  const typeArgument = typesFile ? 'Config' : 'typeof schema';
  const typeImport = typesFile
    ? `import type { Config } from ${specifier(typesFile)};`
    : `import type { schema } from ${specifier(paths.schema)};`;

  const code = fillTemplate(templates.hooks, {
    imports: typed ? `import type { PayloadKVOptions } from 'payload-kv';\n${typeImport}` : '',
    typeComment: typed ? '' : "/** @type {import('payload-kv').PayloadKVOptions['hooks']} */",
    type: typed ? `: PayloadKVOptions<${typeArgument}>['hooks']` : '',
    collections: withExample('collections', answers.collections[0]?.slug),
    globals:
      answers.globals.length > 0
        ? `globals: ${withExample('globals', answers.collections.length > 0 ? undefined : answers.globals[0]!.slug)},`
        : '',
  });
  return restyle(code, style);

  /** No hook yet: the hook of one slug, where there is one, is a comment to begin with. */
  function withExample(kind: HookKind, slug: string | undefined): string {
    if (slug === undefined) return '{}';
    // The scanner leaves comments alone: what stands in one is written in the project's hand before.
    const hook = restyle(`({\n${exampleHook(kind, slug)}\n})`, { ...style, indent: '  ', lineEnding: '\n' });
    const lines = hook
      .split('\n')
      .slice(1, -1)
      .map((line) => line.slice(2).replace(/^(?: {2})+/, (it) => style.indent.repeat(it.length / 2)));
    return `{\n${lines.map((line) => `  // ${line}`).join('\n')}\n}`;
  }
}

/** What `redis` is given, as code; nothing where the environment says all. */
function redisOptions({ url, prefix }: StoreOptions = {}): string {
  const members = [
    ...(url === undefined ? [] : [`url: ${url}`]),
    ...(prefix === undefined ? [] : [`prefix: ${quote(prefix)}`]),
  ];
  return members.length === 0 ? '' : `{ ${members.join(', ')} }`;
}

/** What tells where Redis is. */
function addressIn({ url = 'process.env.REDIS_URL' }: StoreOptions = {}): string {
  return /^process\.env\.(\w+)/.exec(url)?.[1] ?? 'its `url`';
}

/** What shows the cache in the admin panel, as code. */
export const ADMIN_VIEW = 'observe({ adminView: true })';

/** What has pages follow what they read, as code. */
export function printPages(mode: PagesMode): string {
  return `nextPages({ revalidate: ${quote(mode)} })`;
}

/** A TTL as code: text such as `'5m'`, or a bare number of seconds. */
export function printTTL(ttl: string): string {
  return /^\d+$/.test(ttl) ? ttl : quote(ttl);
}

/** One policy as code, e.g. `{ ttl: '10m', slices: ['slug'] }`. */
export function printPolicy(answer: PolicyAnswer): string {
  return printLiteral(policyOf(answer));
}

interface PolicyAnswer {
  ttl?: string;
  slices?: string[];
  allowAuth?: 'without-secrets';
}

function policyOf({ ttl, slices = [], allowAuth }: PolicyAnswer) {
  return {
    ...(allowAuth ? { allowAuth } : {}),
    ...(ttl === undefined ? {} : { ttl: /^\d+$/.test(ttl) ? Number(ttl) : ttl }),
    ...(slices.length > 0 ? { slices } : {}),
  } satisfies Literal;
}

function printPolicies(answers: readonly (GlobalAnswer & PolicyAnswer)[]): string {
  return printLiteral(Object.fromEntries(answers.map((answer) => [answer.slug, policyOf(answer)])), {
    open: 1,
  });
}

/** Which list of a wrapper a hook belongs to. */
export type HookKind = 'collections' | 'globals';

/** The hook of one collection or global that stands in a new `hooks.ts` as a comment. */
function exampleHook(kind: HookKind, slug: string): string {
  const [parameters, details] =
    kind === 'collections' ? ['({ ids, payload })', '{ ids }, '] : ['({ payload })', ''];
  return `  ${propertyKey(slug)}: ${parameters} => {\n    payload.logger.info(${details}${quote(`${slug} changed`)});\n  },`;
}

/** A hook as `init` once wrote it for everything cached, with a comma behind it: it is known again to be taken out. */
export function printFormerHook(kind: HookKind, slug: string): string {
  const [parameters, details] =
    kind === 'collections' ? ['({ ids, payload })', '{ ids }, '] : ['({ payload })', ''];
  const message = quote(`payload-kv: ${slug} changed`);
  return `  ${propertyKey(slug)}: ${parameters} => {\n    payload.logger.debug(${details}${message});\n  },`;
}

/** `payload-kv/index.ts` and `payload-kv/hooks.ts`: the two files that the user owns from then on. */
import { posix } from 'node:path';
import type { CodeStyle } from '../inspect/code-style.js';
import type { Answers, GlobalAnswer } from './answers.js';
import { type GeneratedPaths, importSpecifier, languageOf } from './generated-paths.js';
import { propertyKey, quote } from './literal.js';
import { type Literal, printLiteral } from './print-literal.js';
import { restyle } from './restyle.js';
import { fillTemplate, type Templates } from './template.js';

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

  const code = fillTemplate(withEnv ? templates.indexWithEnv : templates.index, {
    schemaFile: posix.basename(paths.schema),
    runtimeNames: cloudflare ? 'payloadKV' : 'memory, payloadKV',
    storeImport: cloudflare ? "import { cloudflareKV } from 'payload-kv/cloudflare';" : '',
    typeImport: typed && typesFile ? `import type { Config } from ${specifier(typesFile)};` : '',
    hooksModule: specifier(paths.hooks),
    schemaModule: specifier(paths.schema),
    envParameter: typed ? `env: ${envType}` : 'env',
    typeArgument: !typed ? '' : typesFile ? '<Config>' : '<typeof schema>',
    store: cloudflare
      ? `cloudflareKV({ binding: ${quote(answers.binding!)}${withEnv ? ', env' : ''} })`
      : 'memory()',
    ttl: printTTL(answers.ttl),
    collections: printPolicies(answers.collections),
    globals: printPolicies(answers.globals),
  });
  return restyle(code, style);
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
    collections: printHooks(answers.collections, '({ ids, payload })', '{ ids }'),
    globals:
      answers.globals.length > 0
        ? `globals: ${printHooks(answers.globals, '({ payload })', undefined)},`
        : '',
  });
  return restyle(code, style);
}

/** A TTL as code: text such as `'5m'`, or a bare number of seconds. */
export function printTTL(ttl: string): string {
  return /^\d+$/.test(ttl) ? ttl : quote(ttl);
}

/** One policy as code, e.g. `{ ttl: '10m', slices: ['slug'] }`. */
export function printPolicy(answer: { ttl?: string; slices?: string[]; allowAuth?: boolean }): string {
  return printLiteral(policyOf(answer));
}

function policyOf({ ttl, slices = [], allowAuth }: { ttl?: string; slices?: string[]; allowAuth?: boolean }) {
  return {
    ...(allowAuth ? { allowAuth: true } : {}),
    ...(ttl === undefined ? {} : { ttl: /^\d+$/.test(ttl) ? Number(ttl) : ttl }),
    ...(slices.length > 0 ? { slices } : {}),
  } satisfies Literal;
}

function printPolicies(
  answers: readonly (GlobalAnswer & { slices?: string[]; allowAuth?: boolean })[],
): string {
  return printLiteral(Object.fromEntries(answers.map((answer) => [answer.slug, policyOf(answer)])), {
    open: 1,
  });
}

function printHooks(
  answers: readonly { slug: string }[],
  parameters: string,
  details: string | undefined,
): string {
  if (answers.length === 0) return '{}';
  const lines = answers.map(({ slug }) => {
    const message = quote(`payload-kv: ${slug} changed`);
    const key = propertyKey(slug);
    const call = `payload.logger.debug(${details ? `${details}, ` : ''}${message});`;
    return `  ${key}: ${parameters} => {\n    ${call}\n  },`;
  });
  return `{\n${lines.join('\n')}\n}`;
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ts } from 'ts-morph';
import { describe, expect, test } from 'vitest';
import { readTemplates } from '../../src/cli/package-files.js';
import { USUAL_STYLE as style } from '../../src/inspect/code-style.js';
import { readWrapper } from '../../src/inspect/wrapper/read-wrapper.js';
import type { Answers } from '../../src/plan/answers.js';
import { generatedPaths } from '../../src/plan/generated-paths.js';
import { renderHooks, renderWrapper, type WrapperContext } from '../../src/plan/wrapper/wrapper-file.js';

const answers: Answers = {
  collections: [
    { slug: 'posts', slices: ['slug', 'tenant'], ttl: '1h' },
    { slug: 'site-pages', slices: [] },
  ],
  globals: [{ slug: 'header', ttl: '90' }],
  ttl: '5m',
  store: 'memory',
};
const cloudflare: Answers = { ...answers, store: 'cloudflare-kv', binding: 'PAYLOAD_CACHE' };

function context(configPath: string, more: Partial<WrapperContext> = {}): WrapperContext {
  const configShape = { wired: { elements: 0 } } as Parameters<typeof generatedPaths>[0]['configShape'];
  const paths = generatedPaths({ configPath, configShape, shadowsPackage: false });
  return { paths, style, templates: readTemplates(), ...more };
}

const cases: Record<string, { answers: Answers; context: WrapperContext }> = {
  memory: { answers, context: context('src/payload.config.ts', { typesFile: 'src/payload-types.ts' }) },
  'cloudflare-without-env': {
    answers: cloudflare,
    context: context('src/payload.config.ts', { typesFile: 'types/payload.ts' }),
  },
  'cloudflare-with-env': {
    answers: cloudflare,
    context: context('payload.config.ts', {
      typesFile: 'payload-types.ts',
      envType: 'CloudflareEnv',
      style: { ...style, quotes: 'double', semicolons: false, indent: '\t', importExtension: '.js' },
    }),
  },
  'cloudflare-with-durable-objects': {
    answers: { ...cloudflare, registry: 'durable-object', tagsBinding: 'CACHE_TAGS' },
    context: context('src/payload.config.ts', {
      typesFile: 'src/payload-types.ts',
      envType: 'CloudflareEnv',
    }),
  },
  'cloudflare-with-database': {
    answers: { ...cloudflare, registry: 'database' },
    context: context('src/payload.config.ts', { typesFile: 'src/payload-types.ts' }),
  },
  redis: {
    answers: { ...answers, store: 'redis' },
    context: context('src/payload.config.ts', { typesFile: 'src/payload-types.ts' }),
  },
  'memory-with-redis': {
    answers: { ...answers, registry: 'redis' },
    context: context('payload.config.mjs', { style: { ...style, semicolons: false, quotes: 'double' } }),
  },
  'without-types': { answers, context: context('src/payload.config.ts') },
  javascript: { answers, context: context('payload.config.mjs') },
  'nothing-chosen': {
    answers: { ...answers, collections: [], globals: [] },
    context: context('src/payload.config.ts', { typesFile: 'src/payload-types.ts' }),
  },
  'globals-only': {
    answers: { ...answers, collections: [], globals: [{ slug: 'site-settings' }] },
    context: context('src/payload.config.ts', { typesFile: 'src/payload-types.ts' }),
  },
  'hostile-slugs': {
    answers: {
      ...answers,
      collections: [
        { slug: "it's", slices: ['"a"', '`b`'] },
        { slug: '</script>\n*/', slices: [] },
        { slug: '{{globals}}', slices: ['{{ttl}}'] },
      ],
      globals: [{ slug: '__proto__' }, { slug: 'constructor' }],
    },
    context: context('src/payload.config.ts'),
  },
};

type Hooks = Record<string, (event: unknown) => void>;

async function hooksOf(text: string): Promise<{ collections: Hooks; globals?: Hooks }> {
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.ESNext } });
  const { hooks } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
  return hooks;
}

describe.each(Object.entries(cases))('%s', (name, { answers, context }) => {
  const folder = path.join(import.meta.dirname, 'wrapper-file', name);
  const expected = (file: string) => readFileSync(path.join(folder, `output.${path.basename(file)}`), 'utf8');

  test('the wrapper and the hooks read as they should', () => {
    expect(renderWrapper(answers, context)).toBe(expected(context.paths.wrapper));
    expect(renderHooks(answers, context)).toBe(expected(context.paths.hooks));
  });

  test('the hooks do nothing until somebody takes the comment off the one that stands there', async () => {
    const { slug } = answers.collections[0] ?? { slug: undefined };
    const text = renderHooks(answers, context);
    expect(await hooksOf(text)).toEqual({ collections: {}, ...(answers.globals[0] ? { globals: {} } : {}) });
    const { collections } = await hooksOf(text.replace(/^(\s*)\/\/ /gm, '$1'));
    expect(Object.keys(collections)).toEqual(slug === undefined ? [] : [slug]);
    const said: unknown[] = [];
    if (slug !== undefined)
      collections[slug]!({ ids: [5], payload: { logger: { info: (...all: unknown[]) => said.push(all) } } });
    expect(said).toEqual(slug === undefined ? [] : [[{ ids: [5] }, `${slug} changed`]]);
  });

  test('they parse, and hold the very slugs', () => {
    for (const text of [renderWrapper(answers, context), renderHooks(answers, context)]) {
      const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
      expect(diagnostics).toEqual([]);
    }
    const shape = readWrapper(renderWrapper(answers, context), context.paths.wrapper).shape!;
    expect(shape.collections!.entries.map(({ slug, slices }) => ({ slug, slices }))).toEqual(
      answers.collections.map(({ slug, slices }) => ({ slug, slices })),
    );
    expect(shape.globals!.entries.map(({ slug }) => slug)).toEqual(answers.globals.map(({ slug }) => slug));
    expect(shape).toMatchObject({ exportsCache: true, takesEnv: context.envType !== undefined });
    expect(shape.binding).toBe(answers.binding);
    expect(shape.tagsBinding).toBe(answers.tagsBinding);
  });
});

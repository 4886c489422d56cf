import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { run } from '../../src/cli/program.js';
import { widthOf } from '../../src/cli/terminal/terminal.js';
import { CONFIG, command, createProject, type Project } from './command.js';

let project: Project;
afterEach(() => project?.remove());

async function inspect(files: Record<string, string | undefined>, ...args: string[]) {
  project = await createProject(files);
  const before = await project.tree();
  const outcome = await command(['inspect', '--cwd', project.dir, ...args]);
  expect(await project.tree()).toEqual(before);
  return outcome;
}

const OPEN = `import { ratings } from 'ratings';
import { shopPlugin } from 'shop';
import { buildConfig } from 'payload';

export default buildConfig({
  collections: [
    {
      slug: 'posts-of-the-editorial-team-of-the-magazine',
      versions: { drafts: true },
      fields: [
        { name: 'related', type: 'relationship', relationTo: ['pages', 'products', 'reviews', 'people', 'landing-pages'] },
        ...ratings({ scale: 5, label: 'How readers of the magazine liked it, from one star to five stars' }),
      ],
    },
    { slug: 'pages', fields: [{ name: 'title', type: 'text', localized: true }] },
  ],
  globals: [{ slug: 'header', versions: true, fields: [] }],
  localization: { locales: ['en', 'de'], defaultLocale: 'en' },
  plugins: [shopPlugin()],
});
`;

const TYPES = `export interface Config {
  collections: { 'posts-of-the-editorial-team-of-the-magazine': Post; pages: Page; products: Product; users: User };
  globals: { header: Header };
  locale: 'en' | 'de';
}
export interface Post { id: number; related?: (number | Page)[] | null; rating?: (number | null) | Product; }
export interface Page { id: number; title?: string | null; }
export interface Product { id: number; page?: (number | null) | Page; _status?: ('draft' | 'published') | null; }
export interface User { id: number; email: string; }
export interface Header { id: number; }
`;

describe('inspect', () => {
  test('shows the facts, the collections and globals, and how each was learned', async () => {
    const { exitCode, stdout } = await inspect({});
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`  config    src/payload.config.ts                                         static
  payload   3.90.2
  database  not recognised                                                static
  plugins   none                                                          static
  locales   none                                                          static
  types     none
  wrangler  none
  read      2 source files

  collection  has   fields  refers to  known by
  pages                  4             static
  posts                  4             static
  users       auth      15             static

  global  has  fields  refers to  known by
  header            3             static
`);
  });

  test('names what it could not resolve with file and line, and completes it from the types', async () => {
    const { stdout } = await inspect({ 'src/payload.config.ts': OPEN, 'src/payload-types.ts': TYPES });
    expect(stdout).toMatch(/^ {2}posts-of-the-editorial-team-o… {2}drafts +\d+ .* static, types$/m);
    expect(stdout).toMatch(/^ {2}products +drafts +3 {2}pages +types$/m);
    expect(stdout).toContain(`Not resolved
  ! src/payload.config.ts:12  posts-of-the-editorial-team-of-the-magazine.fields`);
    expect(stdout).toMatch(
      / {2}! src\/payload\.config\.ts:19 {2}plugins\n {4}shopPlugin\(\): plugins are not run/,
    );
    expect(stdout).toContain('--exact asks Payload itself');
  });

  test('wraps nothing badly at 80 columns', async () => {
    const { stdout } = await inspect({ 'src/payload.config.ts': OPEN, 'src/payload-types.ts': TYPES });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('wraps nothing badly where slugs are long, or of wide characters', async () => {
    const slugs = ['posts', `a-${'very-'.repeat(18)}long-one`, '日本語の投稿コレクション'];
    const collections = slugs.map((slug) => `{ slug: '${slug}', fields: [] }`).join(', ');
    const { stdout } = await inspect({
      'src/payload.config.ts': `import { buildConfig } from 'payload';\n\nexport default buildConfig({ collections: [${collections}] });\n`,
    });
    const rows = stdout.split('\n');
    expect(rows.filter((row) => widthOf(row) > 80)).toEqual([]);
    const table = rows.filter((row) => row.endsWith('static') && /posts|very|日本/.test(row));
    expect(new Set(table.map(widthOf)).size).toBe(1);
    expect(table).toHaveLength(3);
  });

  test('gives all of it as one JSON document, each field with its source', async () => {
    const { stdout, stderr } = await inspect(
      { 'src/payload.config.ts': OPEN, 'src/payload-types.ts': TYPES },
      '--json',
    );
    expect(stderr).toContain('Reading');
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      command: 'inspect',
      ok: true,
      project: {
        root: project.dir,
        config: 'src/payload.config.ts',
        types: 'src/payload-types.ts',
        wrangler: null,
      },
      plugins: { kind: 'array', wired: false, location: { file: 'src/payload.config.ts', line: 19 } },
      locales: { codes: ['en', 'de'], source: 'static' },
      globals: [{ slug: 'header', versions: true, source: 'static' }],
    });
    const posts = found.collections.find(({ slug }: { slug: string }) => slug.startsWith('posts'));
    expect(posts).toMatchObject({ source: 'static', location: { file: 'src/payload.config.ts', line: 7 } });
    const sources = Object.fromEntries(posts.fields.map((field: any) => [field.path, field.source]));
    expect(sources).toMatchObject({ related: 'static', rating: 'types' });
    expect(found.collections.find(({ slug }: { slug: string }) => slug === 'products').source).toBe('types');
    expect(found.unresolved.map(({ part, location }: any) => `${part}:${location.line}`)).toEqual([
      'posts-of-the-editorial-team-of-the-magazine.fields:12',
      'plugins:19',
    ]);
  });

  test('asks which of several configs is meant', async () => {
    const config = (slug: string) =>
      `import { buildConfig } from 'payload';\n\nexport default buildConfig({ collections: [{ slug: '${slug}', fields: [] }] });\n`;
    project = await createProject({
      'src/payload.config.ts': undefined,
      'apps/blog/package.json': '{}',
      'apps/blog/payload.config.ts': config('articles'),
      'apps/shop/package.json': '{}',
      'apps/shop/payload.config.ts': config('orders'),
    });
    const stream = () => Object.assign(new PassThrough(), { isTTY: true, columns: 80, setRawMode() {} });
    const [stdin, stdout, stderr] = [stream(), stream(), stream()];
    let screen = '';
    stdout.on('data', (chunk) => {
      screen += chunk;
    });
    const streams = { stdin, stdout, stderr, env: { NO_COLOR: '1' } };
    const exitCode = run(['inspect', '--cwd', project.dir], streams);
    await vi.waitFor(() => expect(screen).toContain('apps/shop/payload.config.ts'), { timeout: 60_000 });
    stdin.write('\x1b[B');
    stdin.write('\r');
    expect(await exitCode).toBe(0);
    expect(screen).toMatch(/^ {2}orders /m);
    expect(screen).not.toMatch(/^ {2}articles /m);
  });

  test('has help with examples', async () => {
    const { exitCode, stdout } = await inspect({}, '--help');
    expect(exitCode).toBe(0);
    expect(stdout.match(/^ {2}payload-kv inspect/gm)).toHaveLength(3);
  });

  test('asks for Payload where --exact is given and it is not installed', async () => {
    const { exitCode, stderr } = await inspect({ 'src/payload.config.ts': CONFIG }, '--exact');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'Payload is not installed here, and --exact asks the project itself. [EXACT_UNAVAILABLE]',
    );
  });

  test('init wires a site that has globals alone', async () => {
    project = await createProject({
      'src/payload.config.ts': `import { buildConfig } from 'payload';\nimport { admin } from 'company';\n\nexport default buildConfig({ admin, globals: [{ slug: 'landing', fields: [] }], collections: [admin.users] });\n`,
    });
    const { exitCode, stdout } = await command(['init', '--yes', '--no-install', '--cwd', project.dir]);
    expect(stdout).toContain('written');
    expect(exitCode).toBe(0);
    const tree = await project.tree();
    expect(tree['src/payload-kv/index.ts']).toContain('landing: {}');
    expect(tree['src/payload.config.ts']).toContain('plugins: [cache]');
  });
});

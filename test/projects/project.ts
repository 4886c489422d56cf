/** A whole project, drawn along every dimension from one number. */
import path from 'node:path';
import { type Adapter, drawAdapter } from './adapter.js';
import { drawCodeStyle } from './code-style.js';
import { drawing } from './draw.js';
import { drawLayout, type Layout, tsconfigText } from './layout.js';
import {
  drawManager,
  hasCatalogs,
  type Manager,
  managerFiles,
  payloadRange,
  workspaceRange,
} from './manager.js';
import { drawPayloadVersion, type PayloadVersion, VERSIONS } from './payload-version.js';
import { drawSite } from './site.js';

export type Files = Record<string, string>;

/** A project, and what its life needs to know of it. */
export interface GeneratedProject {
  /** The number it was drawn by. */
  seed: number;
  /** What it is made of, a line for each dimension. */
  description: string;
  layout: Layout;
  manager: Manager;
  adapter: Adapter;
  version: PayloadVersion;
  /** All files, by path relative to the project's directory. */
  files: Files;
  /** Packages of the workspace: links in `node_modules` by name. */
  links: Record<string, string>;
  /** The same files once a person has added a collection, and a relation to it. */
  change(files: Files): Files;
  /** Draws other answers, as flags of `init`. */
  otherAnswers: string[];
  /** What is broken before `doctor --fix` repairs it. */
  fault: (typeof FAULTS)[number];
  git: boolean;
  /** Whether there are plugins, of which nobody can read what they add. */
  hasPlugins: boolean;
}

export const FAULTS = ['config', 'schema', 'dependency', 'drift'] as const;

/** The project of a number, with one of the versions of Payload. */
export function generateProject(seed: number, versions = VERSIONS): GeneratedProject {
  const draw = drawing(seed);
  const manager = drawManager(draw);
  const layout = drawLayout(draw);
  const version = drawPayloadVersion(draw, hasCatalogs(manager), versions);
  const adapter = drawAdapter(draw);
  const style = drawCodeStyle(draw);
  const site = drawSite(draw, layout, adapter);

  const inApp = (file: string) => (file.startsWith('packages/') ? file : path.posix.join(layout.app, file));
  const plain: Files = {};
  for (const [file, text] of Object.entries(site.files)) plain[inApp(file)] = text;
  for (const [file, text] of Object.entries(adapter.wrangler?.files ?? {})) plain[inApp(file)] = text;
  plain[inApp('tsconfig.json')] = tsconfigText(layout, [
    '**/*.ts',
    ...(layout.collections.startsWith('packages/') ? ['../../packages/cms/src/**/*.ts'] : []),
  ]);

  const isWorkspace = layout.app !== '';
  const isShared = layout.collections.startsWith('packages/');
  const payloadPackages = ['payload', adapter.packageName];
  const dependencies = Object.fromEntries(
    [
      ...payloadPackages.map((name) => [name, payloadRange(name, version)]),
      ...(isShared ? [['@site/cms', workspaceRange(manager)]] : []),
      ...(draw([true, false]) ? [['graphql', '^16.8.1']] : []),
    ].sort(([one], [other]) => (one! < other! ? -1 : 1)) as [string, string][],
  );
  const app: Record<string, any> = {
    name: isWorkspace ? '@site/web' : 'site',
    version: '1.0.0',
    private: true,
    type: 'module',
    ...(draw([true, true, false]) ? { scripts: { dev: 'next dev', payload: 'payload' } } : {}),
    dependencies,
    devDependencies: { typescript: '^5.7.3', ...(adapter.wrangler ? { wrangler: '^4.60.0' } : {}) },
  };
  const top: Record<string, any> = isWorkspace ? { name: 'site', private: true, type: 'module' } : app;
  const packages = isWorkspace ? ['apps/*', ...(isShared ? ['packages/*'] : [])] : [];
  Object.assign(plain, managerFiles(manager, version, top, { packages, names: payloadPackages }));
  plain['package.json'] = `${JSON.stringify(top, undefined, 2)}\n`;
  if (isWorkspace) plain[inApp('package.json')] = `${JSON.stringify(app, undefined, 2)}\n`;
  const links: Record<string, string> = {};
  if (isShared) {
    links['@site/cms'] = 'packages/cms';
    plain['packages/cms/package.json'] = `${JSON.stringify(
      {
        name: '@site/cms',
        version: '1.0.0',
        private: true,
        type: 'module',
        exports: { '.': './src/index.ts', './*': './src/collections/*.ts' },
        peerDependencies: { payload: '>=3' },
      },
      undefined,
      2,
    )}\n`;
  }

  const format = (files: Files) =>
    Object.fromEntries(Object.entries(files).map(([file, text]) => [file, style.format(file, text)]));
  const files = format(plain);
  if (manager.name === 'yarn 4') {
    // It ends the file with a line end itself.
    for (const file of Object.keys(files))
      if (/package\.json$/.test(file)) files[file] = `${files[file]!.trimEnd()}\n`;
  }
  const otherAnswers = draw([
    ['--ttl', '1h'],
    ['--collections', 'posts'],
    ['--collections', 'posts,pages,media,tags', '--globals', 'none'],
    ['--ttl-for', 'posts=2m'],
    ['--store', 'redis'],
    ['--store', 'redis'],
    ['--registry', 'database'],
    ...(adapter.wrangler
      ? [
          ['--store', 'memory'],
          ['--binding', 'PAGES'],
        ]
      : [['--store', 'memory', '--registry', 'redis']]),
  ]);
  const fault = draw(FAULTS);
  const git = draw([true, false, false]);
  return {
    seed,
    description: [
      `manager   ${manager.name}, ${manager.installed ? 'installed' : 'not installed yet'}${manager.forcesRedis ? ', another ioredis forced' : ''}`,
      `layout    ${layout.name}, ${layout.alias ? 'imports by alias' : 'relative imports'}, run in ${layout.cwd || 'the project'}${git ? ', in git' : ''}`,
      `payload   ${version.version}, ${version.declaration}`,
      `adapter   ${adapter.name}`,
      `wrangler  ${adapter.wrangler?.name ?? 'none'}`,
      `style     ${style.name}`,
      `site      ${site.name}`,
      `answers   ${otherAnswers.join(' ')}`,
      `fault     ${fault}`,
    ].join('\n'),
    layout,
    manager,
    adapter,
    version,
    files,
    links,
    change(before) {
      const added: Files = {};
      for (const [file, text] of Object.entries(site.added)) added[inApp(file)] = style.format(file, text);
      const changed = Object.entries(before).map(([file, text]): [string, string] => {
        const own =
          file.startsWith('packages/') || layout.app === '' ? file : path.posix.relative(layout.app, file);
        return [file, site.change(own, text)];
      });
      return { ...Object.fromEntries(changed), ...added };
    },
    otherAnswers,
    fault,
    git,
    hasPlugins: site.hasPlugins,
  };
}

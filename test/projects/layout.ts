/** Layouts: where the config is, where the collections are, and what surrounds the package. */
import type { Draw } from './draw.js';

/** Where things are in a project. Paths are relative to the project's directory. */
export interface Layout {
  name: string;
  /** Directory of the package that has the config; `''` where it is the project's. */
  app: string;
  /** The config, relative to {@link Layout.app}. */
  config: string;
  /** Directory of the collections, relative to {@link Layout.app}; a package of the workspace begins with `packages/`. */
  collections: string;
  /** How files of the package import each other: by an alias of the tsconfig, or relative. */
  alias: boolean;
  /** Where commands are run, relative to the project's directory. */
  cwd: string;
}

const HOMES = [
  { name: 'in src', config: 'src/payload.config.ts', collections: 'src/collections' },
  { name: 'in src', config: 'src/payload.config.ts', collections: 'src/collections' },
  { name: 'at the root', config: 'payload.config.ts', collections: 'collections' },
  { name: 'in src/app', config: 'src/app/payload.config.ts', collections: 'src/cms/collections' },
  { name: 'in a folder of its own', config: 'cms/config/payload.config.ts', collections: 'cms/collections' },
];

/** Draws a layout. */
export function drawLayout(draw: Draw): Layout {
  const home = draw(HOMES);
  const alias = draw([true, false]);
  const { name, config } = home;
  const kind = draw(['single', 'single', 'workspace', 'shared'] as const);
  const cwd = draw(['', 'apps/web']);
  if (kind === 'single') return { ...home, app: '', alias, cwd: '' };
  const app = 'apps/web';
  if (kind === 'workspace') return { ...home, name: `${name} of a workspace's app`, app, alias, cwd };
  return {
    name: `${name} of a workspace's app, collections in a package`,
    app,
    config,
    collections: 'packages/cms/src/collections',
    alias,
    cwd,
  };
}

/** The tsconfig of the package that has the config. */
export function tsconfigText({ config, alias }: Layout, included: readonly string[]): string {
  const top = config.includes('/') ? config.split('/')[0]! : '.';
  const paths = {
    '@payload-config': [`./${config}`],
    ...(alias ? { '@/*': [top === '.' ? './*' : `./${top}/*`] } : {}),
  };
  const options = {
    target: 'ES2022',
    lib: ['DOM', 'DOM.Iterable', 'ES2022'],
    module: 'ESNext',
    moduleResolution: 'bundler',
    types: ['node'],
    strict: true,
    noEmit: true,
    esModuleInterop: true,
    isolatedModules: true,
    skipLibCheck: true,
    resolveJsonModule: true,
    jsx: 'preserve',
    paths,
  };
  return `${JSON.stringify({ compilerOptions: options, include: included, exclude: ['node_modules'] }, undefined, 2)}\n`;
}

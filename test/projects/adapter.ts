/** Adapters: what database the project has, and how its config says so. */
import type { Draw } from './draw.js';
import { drawWrangler, type Wrangler } from './wrangler.js';

/** The database adapter of a project. */
export interface Adapter {
  name: string;
  /** The package of the adapter. */
  packageName: string;
  /** What stands at `db`. */
  expression: string;
  /** Imports of the config, and statements before its object. */
  imports: string;
  statements: string;
  /** Files relative to the config's directory. */
  files: Record<string, string>;
  /** Whether the life may start Payload: its database needs no server. */
  starts: boolean;
  wrangler?: Wrangler;
}

const SQLITE = "sqliteAdapter({ client: { url: process.env.DATABASE_URI || 'file:./site.db' } })";
const POSTGRES = "postgresAdapter({ pool: { connectionString: process.env.DATABASE_URI || '' } })";

/** Draws an adapter. */
export function drawAdapter(draw: Draw): Adapter {
  const kind = draw(['sqlite', 'sqlite', 'sqlite', 'postgres', 'd1', 'd1'] as const);
  const place = draw(['inline', 'constant', 'file'] as const);
  if (kind === 'd1') return onD1(draw);
  const call = kind === 'sqlite' ? SQLITE : POSTGRES;
  const name = kind === 'sqlite' ? 'sqliteAdapter' : 'postgresAdapter';
  const packageName = `@payloadcms/db-${kind}`;
  const imported = `import { ${name} } from '${packageName}';\n`;
  const base = {
    name: `${kind}, ${place}`,
    packageName,
    starts: kind === 'sqlite',
    files: {},
    statements: '',
  };
  switch (place) {
    case 'constant':
      return { ...base, imports: imported, statements: `const db = ${call};\n\n`, expression: 'db' };
    case 'file':
      return {
        ...base,
        imports: `import { db } from './db';\n`,
        files: { 'db.ts': `${imported}\nexport const db = ${call};\n` },
        expression: 'db',
      };
    default:
      return { ...base, imports: imported, expression: call };
  }
}

function onD1(draw: Draw): Adapter {
  const form = draw(['context', 'destructured', 'production'] as const);
  const wrangler = draw([true, true, true, true, false]) ? drawWrangler(draw) : undefined;
  const env = wrangler?.envType ?? "{ D1: import('@cloudflare/workers-types').D1Database }";
  const context = `/** Wrangler's local bindings. */
export async function getCloudflareContext(): Promise<{ env: ${env} }> {
  // The name is put together so that no bundler follows it.
  const wrangler: typeof import('wrangler') = await import(['wrang', 'ler'].join(''));
  return wrangler.getPlatformProxy<${env}>();
}
`;
  const imports = `import { sqliteD1Adapter } from '@payloadcms/db-d1-sqlite';\nimport { getCloudflareContext } from './cloudflare';\n`;
  const base = {
    name: `d1, ${form}`,
    packageName: '@payloadcms/db-d1-sqlite',
    imports,
    files: { 'cloudflare.ts': context },
    starts: wrangler !== undefined,
    ...(wrangler ? { wrangler } : {}),
  };
  switch (form) {
    case 'destructured':
      return {
        ...base,
        statements: 'const { env } = await getCloudflareContext();\n\n',
        expression: 'sqliteD1Adapter({ binding: env.D1 })',
      };
    case 'production':
      return {
        ...base,
        statements:
          "const isProduction = process.env.NODE_ENV === 'production';\nconst cloudflare = isProduction ? await getCloudflareContext() : await getCloudflareContext();\n\n",
        expression: 'sqliteD1Adapter({ binding: cloudflare.env.D1, push: !isProduction })',
      };
    default:
      return {
        ...base,
        statements: 'const cloudflare = await getCloudflareContext();\n\n',
        expression: 'sqliteD1Adapter({ binding: cloudflare.env.D1 })',
      };
  }
}

/** Generates a project of many collections and far more source files, as a site of some years has them. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './repository.js';

/** How large the project is. */
export interface LargeProject {
  /** Number of collections. Default 60. */
  collections?: number;
  /** Number of source files in all. Default 1,500. */
  files?: number;
}

/**
 * Writes the project into an empty directory. A collection imports shared fields, blocks, hooks and access functions,
 * which import services, which import each other; most files are components and pages that no collection leads to.
 */
export function writeLargeProject(
  directory: string,
  { collections = 60, files = 1500 }: LargeProject = {},
): void {
  let written = 0;
  const write = (file: string, text: string) => {
    const absolute = path.join(directory, file);
    mkdirSync(path.dirname(absolute), { recursive: true });
    writeFileSync(absolute, text);
    if (/\.tsx?$/.test(file)) written++;
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const slug = (index: number) => `collection-${index % collections}`;

  write('package.json', '{ "name": "large", "type": "module", "dependencies": { "payload": "3.90.2" } }\n');
  write(
    'tsconfig.json',
    '{ "compilerOptions": { "strict": true, "paths": { "@/*": ["./src/*"], "@payload-config": ["./src/payload.config.ts"] } } }\n',
  );
  mkdirSync(path.join(directory, 'node_modules'));
  for (const name of ['payload', '@payloadcms']) {
    symlinkSync(path.join(repository, 'node_modules', name), path.join(directory, 'node_modules', name));
  }
  write(
    'src/payload.config.ts',
    `import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig } from 'payload';
import * as collections from '@/collections';

export default buildConfig({
  secret: process.env.PAYLOAD_SECRET ?? '',
  collections: Object.values(collections),
  globals: [{ slug: 'header', fields: [{ name: 'page', type: 'relationship', relationTo: '${slug(0)}' }] }],
  localization: { locales: ['en', 'de', 'fr'], defaultLocale: 'en' },
  db: sqliteAdapter({ client: { url: 'file:./large.db' } }),
});
`,
  );
  write(
    'src/collections/index.ts',
    numbers(collections)
      .map((it) => `export * from './Collection${it}';\n`)
      .join(''),
  );
  for (const it of numbers(collections)) {
    write(
      `src/collections/Collection${it}.ts`,
      `import type { CollectionConfig } from 'payload';
import { isEditor } from '@/access/isEditor';
import { blocks } from '@/blocks';
import { seoFields } from '@/fields/seo';
import { slugField } from '@/fields/slug';
import { notify${it} } from '@/hooks/notify${it}';

export const Collection${it}: CollectionConfig = {
  slug: '${slug(it)}',
  access: { read: isEditor, update: isEditor },
  hooks: { afterChange: [notify${it}] },
  versions: { drafts: ${it % 3 === 0} },
  fields: [
    { name: 'title', type: 'text', localized: true },
    slugField(),
    { name: 'owner', type: 'relationship', relationTo: '${slug(it + 1)}', index: true },
    { name: 'related', type: 'relationship', relationTo: ['${slug(it + 2)}', '${slug(it + 3)}'], hasMany: true },
${numbers(25)
  .map((field) => `    { name: 'field${field}', type: 'text', index: ${field % 5 === 0} },\n`)
  .join(
    '',
  )}    { type: 'tabs', tabs: [{ label: 'Content', fields: [{ name: 'layout', type: 'blocks', blocks }] }, { name: 'meta', fields: seoFields }] },
  ],
};
`,
    );
    write(
      `src/hooks/notify${it}.ts`,
      `import { send } from '@/services/service${it}';\n\nexport const notify${it} = async ({ doc }: { doc: unknown }) => {\n  await send(doc);\n  return doc;\n};\n`,
    );
  }
  write(
    'src/access/isEditor.ts',
    `import { send } from '@/services/service0';\n\nexport const isEditor = () => send !== undefined;\n`,
  );
  write(
    'src/fields/seo.ts',
    `import type { Field } from 'payload';\n\nexport const seoFields: Field[] = [\n  { name: 'description', type: 'textarea', localized: true },\n  { name: 'image', type: 'relationship', relationTo: '${slug(0)}' },\n];\n`,
  );
  write(
    'src/fields/slug.ts',
    `import type { Field } from 'payload';\n\nexport const slugField = (): Field => ({ name: 'slug', type: 'text', unique: true, index: true });\n`,
  );
  const blocks = numbers(20);
  write(
    'src/blocks/index.ts',
    `${blocks.map((it) => `import { Block${it} } from './Block${it}';\n`).join('')}\nexport const blocks = [${blocks.map((it) => `Block${it}`).join(', ')}];\n`,
  );
  for (const it of blocks) {
    write(
      `src/blocks/Block${it}.ts`,
      `import type { Block } from 'payload';\n\nexport const Block${it}: Block = {\n  slug: 'block-${it}',\n  fields: [\n    { name: 'heading', type: 'text' },\n    { name: 'target${it}', type: 'relationship', relationTo: '${slug(it)}' },\n    { name: 'items', type: 'array', fields: [{ name: 'label', type: 'text' }, { name: 'page', type: 'relationship', relationTo: '${slug(it + 1)}' }] },\n  ],\n};\n`,
    );
  }
  for (const it of numbers(collections)) {
    write(
      `src/services/service${it}.ts`,
      `import { send as next } from './service${(it + 1) % collections}';\n\nexport const send = async (doc: unknown): Promise<unknown> => (doc ? next(undefined) : doc);\n`,
    );
  }
  for (let it = 0; written < files; it++) {
    write(
      `src/${it % 3 === 0 ? 'app' : 'components'}/${String.fromCharCode(97 + (it % 26))}/Part${it}.tsx`,
      `import { Collection${it % collections} } from '@/collections/Collection${it % collections}';\n\nexport function Part${it}({ title }: { title: string }) {\n  return (\n    <article data-collection={Collection${it % collections}.slug}>\n      <h2>{title}</h2>\n      <p>Part ${it} of the site.</p>\n    </article>\n  );\n}\n`,
    );
  }
}

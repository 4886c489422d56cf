/** Puts what Payload itself made of the config in the place of what was read of its text. */
import { ASK_WHETHER_OLD, INTERNAL, INTERNAL_GLOBALS } from './complete-schema.js';
import { bySlug } from './fields.js';
import type { Project } from './project.js';
import type { ExactSchema } from './sanitised-schema.js';
import type { ProjectSchema } from './schema.js';

/** Whether it is Payload's own word. */
export function isExact({ collections, globals }: ProjectSchema): boolean {
  return [...collections, ...globals].some(({ origin }) => origin === 'exact');
}

/** The same project with the exact schema; places in the source and access stay, what was left open is answered. */
export function withExactSchema(project: Project, exact: ExactSchema): Project {
  const { schema, typesFile } = project;
  const collections = exact.collections.filter(({ slug }) => !INTERNAL.has(slug));
  const globals = exact.globals.filter(({ slug }) => !INTERNAL_GLOBALS.has(slug));
  return {
    ...project,
    schema: {
      collections: located(collections, schema.collections).sort(bySlug),
      globals: located(globals, schema.globals).sort(bySlug),
      locales: exact.locales,
      unresolved: [],
      warnings: typesFile === undefined ? [] : staleTypes(project, [...collections, ...globals], typesFile),
    },
  };
}

function located<T extends Project['schema']['collections'][number] | Project['schema']['globals'][number]>(
  exact: T[],
  read: { slug: string; location?: T['location']; access?: T['access'] }[],
): T[] {
  const known = new Map(read.map((entity) => [entity.slug, entity]));
  return exact.map((entity) => {
    const { location, access } = known.get(entity.slug) ?? {};
    return { ...entity, ...(location ? { location } : {}), ...(access ? { access } : {}) };
  });
}

/** What the static reading knows of the types alone is in them, and not in the config. */
function staleTypes({ schema }: Project, exact: { slug: string }[], typesFile: string): string[] {
  const real = new Set(exact.map(({ slug }) => slug));
  const warnings = schema.warnings.filter((warning) => {
    if (/older than the installed Payload/.test(warning)) return true;
    const slug = /^The (?:collection|global) (\S+) is in .+ but not in the config/.exec(warning)?.[1];
    return slug !== undefined && !real.has(slug);
  });
  const gone = [...schema.collections, ...schema.globals].filter(
    ({ slug, origin }) => origin === 'types' && !real.has(slug),
  );
  for (const { slug } of gone)
    warnings.push(`${slug} is in ${typesFile} but not in the config: ${ASK_WHETHER_OLD}`);
  return warnings;
}

/** What is left to do where `payload-types.ts` is older than the schema. */
import { ASK_WHETHER_OLD, INTERNAL, INTERNAL_GLOBALS } from '../inspect/complete-schema.js';
import { RUNNERS } from '../inspect/package-manager.js';
import type { Project } from '../inspect/project.js';
import { typedSlugs } from '../plan/types-slugs.js';

/**
 * The command that writes the types anew, as the project's package manager runs it: by its script `generate:types` where
 * it has one. Nothing where the types know all of the schema, or where there are none.
 * @param text what `payload-types.ts` holds
 */
export function typesStep(project: Project, text: string | undefined): string[] {
  const { schema, typesFile, packageManager, packageJson } = project;
  const known = text === undefined ? undefined : typedSlugs(text);
  if (typesFile === undefined || !known) return [];
  const unknown = [
    ...schema.collections.filter(({ slug }) => !INTERNAL.has(slug) && !known.collections.has(slug)),
    ...schema.globals.filter(({ slug }) => !INTERNAL_GLOBALS.has(slug) && !known.globals.has(slug)),
  ].map(({ slug }) => `\`${slug}\``);
  const isOld = schema.warnings.some((warning) => warning.endsWith(ASK_WHETHER_OLD));
  if (unknown.length === 0 && !isOld) return [];
  const { scripts } = packageJson as { scripts?: Record<string, unknown> };
  const command =
    scripts?.['generate:types'] === undefined
      ? `${RUNNERS[packageManager]} payload generate:types`
      : `${packageManager} run generate:types`;
  const why = unknown.length > 0 ? `does not know ${listed(unknown)} yet` : 'does not fit the config';
  return [`${command}   (${typesFile} ${why}; before the type check)`];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

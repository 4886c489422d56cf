/** The types of the env by the project's own `wrangler types`, asked before a plan is shown. */
import kleur from 'kleur';
import { hasWrangler, runWranglerTypes } from '../apply/wrangler-types.js';
import type { Project } from '../inspect/project.js';
import type { FileChange, Plan } from '../plan/plan.js';
import { typesArguments, typesHash, type WranglerTypes } from '../plan/wrangler/wrangler-types.js';
import { readProjectFiles } from './project-files.js';
import type { Terminal } from './terminal/terminal.js';

type TypedProject = Pick<Project, 'root' | 'wrangler' | 'cloudflareEnvTypes'>;

/** What a plan is made again with; nothing where wrangler has no part in it. */
export interface TypesAnswer {
  wranglerTypes?: WranglerTypes;
}

/**
 * What `wrangler types` makes of a plan that adds a binding's type to a file that it wrote. Nothing is written, so a
 * dry run shows the same.
 */
export async function typesByWrangler(
  project: TypedProject,
  plan: Plan,
  terminal: Terminal,
): Promise<TypesAnswer> {
  const ask = asking(project, plan);
  if (!ask) return {};
  terminal.note(kleur.dim('Running wrangler types…'));
  return { wranglerTypes: await ask(plan.changes) };
}

/**
 * The same where a binding's type is taken out. Lines that are found as `init` left them go back as they were, header
 * and all. Where wrangler wrote the file since, it writes it again; a file that was out of date stays so.
 */
export async function typesWithoutBinding(
  project: TypedProject,
  plan: Plan,
  terminal: Terminal,
): Promise<TypesAnswer> {
  const ask = asking(project, plan);
  const change = plan.changes.find(({ path }) => path === project.cloudflareEnvTypes);
  const hash = typesHash(change?.before ?? '');
  if (!ask || !change || typesHash(change.after ?? '') !== hash) return {};
  terminal.note(kleur.dim('Running wrangler types…'));
  const now = await ask([]);
  if (!now.ok || typesHash(now.text) !== hash) return {};
  return { wranglerTypes: await ask(plan.changes) };
}

/** How wrangler is asked about this plan; `undefined` where it is not to be asked. */
function asking(
  { root, wrangler, cloudflareEnvTypes: file }: TypedProject,
  { changes, refusals }: Plan,
): ((changes: readonly FileChange[]) => Promise<WranglerTypes>) | undefined {
  if (!wrangler || file === undefined) return undefined;
  if (![...changes, ...refusals].some(({ path }) => path === file)) return undefined;
  // With a build of its own, wrangler would run that in order to see what the main module exports.
  if (!wrangler.valid || wrangler.warnings.length > 0 || wrangler.runsBuild) return undefined;
  const before = readProjectFiles(root, [file])[file];
  const args = before === undefined ? undefined : typesArguments(before, file, wrangler.path);
  if (before === undefined || args === undefined || !hasWrangler(root)) return undefined;
  return (planned) => runWranglerTypes({ root, args, file, before, changes: planned });
}

/** What `advise --apply` would write: the entries of the wrapper, and a line in the ledger of what was written. */
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import type { Advice } from '../advice/advice.js';
import { generatedPaths } from '../generated-paths.js';
import type { Plan, ProjectFiles } from '../plan.js';
import { readLedger, recordChanges, withLedger } from '../schema/ledger.js';
import { changeEntries, type EntryChange } from '../wrapper/entry-edit.js';
import { collectPlan } from './plan-collector.js';
import { refuseOpenAuth } from './refuse-open-auth.js';

/**
 * Plans the changes that advice names; advice that names none is no part of it.
 * @throws PayloadKVError `NOT_INITIALISED`
 */
export function planAdvice(project: Project, files: ProjectFiles, advice: readonly Advice[]): Plan {
  const { wrapper, schema } = generatedPaths(project);
  const before = files[wrapper];
  if (before === undefined) {
    throw new PayloadKVError({
      code: 'NOT_INITIALISED',
      message: `There is no ${wrapper}: this project has no cache yet.`,
      location: { file: project.configPath },
      nextStep: 'Run `payload-kv init` first.',
    });
  }
  const collect = collectPlan(files);
  const { text, refusals } = changeEntries(before, wrapper, entriesOf(project, advice), project.style);
  refuseOpenAuth(readWrapper(text, wrapper).shape, wrapper);
  collect.edit(wrapper, before, { ok: true, content: text, modified: text !== before });
  for (const refusal of refusals) collect.refuse(refusal);
  const plan = collect.plan();
  const generated = files[schema];
  const ledger = readLedger(generated);
  if (generated === undefined || !ledger || plan.changes.length === 0) return plan;
  const recorded = recordChanges(ledger, plan.changes);
  if (JSON.stringify(recorded) !== JSON.stringify(ledger))
    plan.changes.push({ path: schema, before: generated, after: withLedger(generated, recorded) });
  return plan;
}

/** One change for each entry of the project, of all advice about it. Elsewhere it may be of another project's site. */
function entriesOf({ schema }: Project, advice: readonly Advice[]): EntryChange[] {
  const entries = new Map<string, EntryChange>();
  for (const { name, change } of advice) {
    if (!change) continue;
    const { add: _add, ...properties } = change;
    const isGlobal = name.startsWith('@');
    const entities = isGlobal ? schema.globals : schema.collections;
    if (!entities.some(({ slug }) => slug === (isGlobal ? name.slice(1) : name))) continue;
    const known = entries.get(name) ?? {
      type: isGlobal ? ('globals' as const) : ('collections' as const),
      slug: isGlobal ? name.slice(1) : name,
    };
    const slices = [...new Set([...(known.slices ?? []), ...(properties.slices ?? [])])];
    entries.set(name, { ...known, ...properties, ...(slices.length > 0 ? { slices } : {}) });
  }
  return [...entries.values()];
}

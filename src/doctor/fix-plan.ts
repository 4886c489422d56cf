/**
 * What `doctor --fix` would do, as a plan: the edits of `init` and `sync`, and of those only the ones in files that a
 * check found fault with. What asks for a decision keeps its named fix.
 */
import { PayloadKVError } from '../errors.js';
import type { Project } from '../inspect/project.js';
import { readWrapper } from '../inspect/wrapper/read-wrapper.js';
import { filesToRead, type InitInput } from '../plan/commands/init-input.js';
import { planInit } from '../plan/commands/init-plan.js';
import { findDrift, planSync } from '../plan/commands/sync-plan.js';
import { generatedPaths } from '../plan/generated-paths.js';
import type { FileChange, Plan } from '../plan/plan.js';
import { EMPTY_LEDGER, readLedger, recordChanges, withLedger } from '../plan/schema/ledger.js';
import type { CheckReport } from './check.js';

/** What the plan is made of: as for `init`, without answers, which the wrapper has. */
export type FixInput = Omit<InitInput, 'answers' | 'changes' | 'namespaceIds'>;

/** The plan that repairs what these checks found, as far as that is safe. */
export function planFix(input: FixInput, reports: readonly CheckReport[]): Plan {
  const { project, files } = input;
  const paths = generatedPaths(project);
  const plan: Plan = { changes: [], refusals: [], notices: [] };
  const repaired = reports.filter(({ status }) => status !== 'ok').flatMap((it) => filesOf(it, project));
  // Without a wrapper everything has to be decided first: that is what `init` asks.
  if (repaired.length === 0 || files[paths.wrapper] === undefined) return plan;

  const undecided = otherNamespaces(input);
  if (undecided) plan.notices.push(undecided);
  const left = undecided ? bindingFiles(project) : [];
  const isRepaired = ({ path }: { path: string }) =>
    path !== paths.schema && repaired.includes(path) && !left.includes(path);
  const init = attempt(plan, () => planInit(input));
  plan.changes.push(...(init?.changes.filter(isRepaired) ?? []));
  plan.refusals.push(...(init?.refusals.filter(isRepaired) ?? []));
  if (plan.changes.length > 0) plan.notices.push(...(init?.notices ?? []));

  const sync = repaired.includes(paths.schema)
    ? attempt(plan, () => planSync(input, findDrift(input), []))
    : undefined;
  plan.refusals.push(...(sync?.refusals ?? []));
  plan.notices.push(...(sync?.notices ?? []));
  const schema = withChanges(files[paths.schema], sync?.changes[0]?.after, plan.changes);
  if (schema !== undefined && schema !== files[paths.schema])
    plan.changes.push({ path: paths.schema, before: files[paths.schema], after: schema });
  return { ...plan, changes: plan.changes.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** The generated schema, knowing of what is written into other files: `remove` takes that back as well. */
function withChanges(
  before: string | undefined,
  after: string | undefined,
  changes: readonly FileChange[],
): string | undefined {
  const text = after ?? before;
  if (text === undefined || changes.length === 0) return after;
  return withLedger(text, recordChanges(readLedger(text) ?? EMPTY_LEDGER, changes));
}

/** The files that name the bindings. */
function bindingFiles({ wrangler, cloudflareEnvTypes }: Project): string[] {
  return [wrangler?.path, cloudflareEnvTypes].filter((path) => path !== undefined);
}

/**
 * Why a binding is not added: namespaces are bound under other names, of which one may be the cache's. The config's own
 * bindings are known to be for something else.
 */
function otherNamespaces({ project, files }: FixInput): string | undefined {
  const { wrapper } = generatedPaths(project);
  const { wrangler, configShape } = project;
  const shape = readWrapper(files[wrapper] ?? '', wrapper).shape;
  const binding = shape?.store === 'cloudflareKV' ? shape.binding : undefined;
  if (binding === undefined || !wrangler) return undefined;
  const names = [wrangler, ...Object.values(wrangler.env)].flatMap(({ kvNamespaces }) =>
    kvNamespaces.map((namespace) => namespace.binding),
  );
  const others = [...new Set(names)].filter((name) => !configShape.cloudflareEnv?.bindings.includes(name));
  if (others.length === 0 || names.includes(binding)) return undefined;
  return `${wrangler.path} binds ${others.join(' and ')}, ${wrapper} wants ${binding}. If ${others.length === 1 ? 'that' : 'one of them'} is the cache's, run \`payload-kv init --binding ${others[0]}\`; if not, \`payload-kv init\` adds ${binding} beside ${others.length === 1 ? 'it' : 'them'}.`;
}

/** The files in which a repair of what a check found may lie. */
function filesOf({ id, status }: CheckReport, project: Project): string[] {
  const config = project.configShape.config.path;
  const { schema, wrapper, hooks } = generatedPaths(project);
  const bindings = bindingFiles(project);
  switch (id) {
    case 'config':
      // A warning says that the cache may be there already, where nobody can read it.
      return status === 'fail' ? [config] : [];
    case 'generated-files':
    case 'schema-in-step':
      return [schema];
    case 'installed':
      return ['package.json'];
    case 'wrangler-binding':
    case 'binding-names':
      return bindings;
    case 'durable-object': {
      const others = [wrapper, hooks, schema, 'package.json', project.typesFile];
      return [...bindings, ...filesToRead(project).filter((path) => !others.includes(path))];
    }
    default:
      return [];
  }
}

/** What cannot be planned is said, and the rest is repaired all the same. */
function attempt(plan: Plan, work: () => Plan): Plan | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PayloadKVError)) throw error;
    plan.notices.push(error.nextStep ? `${error.message} ${error.nextStep}` : error.message);
    return undefined;
  }
}

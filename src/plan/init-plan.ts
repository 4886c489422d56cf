/** Everything that `init` would do, as a plan. */
import { PayloadKVError } from '../errors.js';
import type { Project } from '../inspect/project.js';
import type { Answers } from './answers.js';
import { wireConfig } from './config-edit.js';
import { declareBinding, envTypeName } from './env-types-edit.js';
import { generatedPaths, languageOf } from './generated-paths.js';
import { editPackageJson } from './package-json-edit.js';
import type { FileChange, Plan, Refusal, TransformResult } from './plan.js';
import { renderSchemaFile } from './schema-file.js';
import { schemaRecord } from './schema-record.js';
import type { Templates } from './template.js';
import { typedSlugs } from './types-slugs.js';
import { bindKVNamespace } from './wrangler-edit.js';
import { renderHooks, renderWrapper, type WrapperContext } from './wrapper-file.js';
import { readWrapperShape } from './wrapper-shape.js';

/** Texts of the project's files by path relative to its root; absent where there is no such file. */
export type ProjectFiles = Readonly<Record<string, string | undefined>>;

/** What the plan of `init` is made of. */
export interface InitInput {
  project: Project;
  files: ProjectFiles;
  /** Absent where the wrapper is there already: then the file says what was answered. */
  answers?: Answers;
  templates: Templates;
  /** The range to write into `package.json`. */
  packageRange: string;
  /** Whether the project's wrangler creates a namespace without an id at deploy. */
  wranglerProvisions: boolean;
}

/** Paths of all files whose text a plan needs, besides those that inspection has read. */
export function filesToRead(project: Project): string[] {
  const { wrapper, hooks, schema } = generatedPaths(project);
  return [wrapper, hooks, schema, 'package.json', project.typesFile, project.cloudflareEnvTypes].filter(
    (path) => path !== undefined,
  );
}

/** The plan of `init`. */
export function planInit(input: InitInput): Plan {
  const { project, files, templates, packageRange } = input;
  const { configShape, style } = project;
  const paths = generatedPaths(project);
  const collect = collector(files);
  refuseForeignWiring(project, paths.wrapper);

  const existing = files[paths.wrapper];
  const shape = existing === undefined ? undefined : readWrapperShape(existing, paths.wrapper);
  const setup = existing === undefined ? setupOf(input) : undefined;
  const binding = setup ? setup.answers.binding : shape?.binding;
  const usesKV = setup ? setup.answers.store === 'cloudflare-kv' : shape?.store === 'cloudflareKV';
  const withEnv = setup ? usesKV && configShape.cloudflareEnv !== undefined : shape?.takesEnv === true;

  if (setup) {
    collect.create(paths.wrapper, renderWrapper(setup.answers, setup.context));
    if (files[paths.hooks] === undefined)
      collect.create(paths.hooks, renderHooks(setup.answers, setup.context));
    if (setup.notice) collect.notice(setup.notice);
  }
  if (files[paths.schema] === undefined) {
    const options = { template: templates.schema, style, language: languageOf(paths.schema) };
    collect.create(paths.schema, renderSchemaFile(schemaRecord(project.schema), options));
  }

  if (existing !== undefined && shape?.exportsCache !== true) {
    collect.notice(`${paths.wrapper} exports no \`cache\`: it is kept as it is, and so is the config.`);
  } else if (withEnv && !configShape.cloudflareEnv && configShape.wired.elements === 0) {
    collect.notice(
      `${paths.wrapper} wants a Cloudflare env, and the config holds none: wire \`cache(env)\` into \`plugins\` by hand.`,
    );
  } else {
    collect.edit(
      configShape.config.path,
      configShape.config.text,
      wireConfig({ shape: configShape, paths, style, withEnv }),
    );
  }

  if (usesKV && binding !== undefined) bind(input, binding, collect);
  const packageJson = files['package.json'];
  if (packageJson !== undefined) {
    collect.edit('package.json', packageJson, editPackageJson(packageJson, packageRange));
  }
  return collect.plan();
}

function bind({ project, files, wranglerProvisions }: InitInput, binding: string, collect: Collector): void {
  const { wrangler, cloudflareEnvTypes } = project;
  if (wrangler) {
    const edit = { wrangler, binding, provisions: wranglerProvisions };
    collect.edit(wrangler.path, wrangler.content, bindKVNamespace(edit));
  } else {
    collect.notice(
      `There is no wrangler config beside the project: bind a KV namespace as ${binding} where it is deployed.`,
    );
  }
  const types = cloudflareEnvTypes === undefined ? undefined : files[cloudflareEnvTypes];
  if (cloudflareEnvTypes !== undefined && types !== undefined) {
    collect.edit(cloudflareEnvTypes, types, declareBinding(types, binding, cloudflareEnvTypes));
  }
}

/** What a new wrapper is written from. */
function setupOf({ project, files, answers, templates }: InitInput): {
  answers: Answers;
  context: WrapperContext;
  notice?: string;
} {
  if (!answers) throw new Error('a project without a wrapper needs answers');
  const { cloudflareEnv } = project.configShape;
  const envTypes = project.cloudflareEnvTypes === undefined ? undefined : files[project.cloudflareEnvTypes];
  const types = project.typesFile === undefined ? undefined : files[project.typesFile];
  const known = types === undefined ? undefined : typedSlugs(types);
  const missing = [
    ...answers.collections.filter(({ slug }) => !known?.collections.has(slug)),
    ...answers.globals.filter(({ slug }) => !known?.globals.has(slug)),
  ].map(({ slug }) => slug);
  const covered = known !== undefined && missing.length === 0;
  const context: WrapperContext = {
    paths: generatedPaths(project),
    style: project.style,
    templates,
    ...(covered ? { typesFile: project.typesFile! } : {}),
    ...(cloudflareEnv ? { envType: (envTypes && envTypeName(envTypes)) ?? 'object' } : {}),
  };
  if (covered || project.typesFile === undefined) return { answers, context };
  const lacking = known
    ? ` does not know ${missing.map((slug) => `\`${slug}\``).join(', ')}`
    : ' has no `Config`';
  const notice = `${project.typesFile}${lacking}, so the cache is typed against the generated schema instead. \`payload generate:types\` brings it up to date.`;
  return { answers, context, notice };
}

/** A cache that somebody wired without the wrapper would be wrapped twice. */
function refuseForeignWiring({ configShape }: Project, wrapper: string): void {
  const { wired } = configShape;
  if (wired.elements === 0 || !wired.import || wired.import.resolved === wrapper) return;
  if (wired.import.resolved !== undefined) return;
  throw new PayloadKVError({
    code: 'WIRED_BY_HAND',
    message: `The config uses \`${wired.import.specifier}\` in \`plugins\` already, without ${wrapper}.`,
    location: wired.elementLocation ?? { file: wired.import.file },
    nextStep: 'Keep it as it is, or take it out of `plugins` and run `payload-kv init` again.',
  });
}

interface Collector {
  create(path: string, after: string): void;
  edit(path: string, before: string, result: TransformResult): void;
  notice(text: string): void;
  plan(): Plan;
}

function collector(files: ProjectFiles): Collector {
  const changes: FileChange[] = [];
  const refusals: Refusal[] = [];
  const notices: string[] = [];
  return {
    create: (path, after) => changes.push({ path, before: files[path], after }),
    edit(path, before, result) {
      if (!result.ok) {
        const { reason, line, paste } = result;
        refusals.push({ path, ...(line === undefined ? {} : { line }), reason, paste });
      } else if (result.modified) changes.push({ path, before, after: result.content });
    },
    notice: (text) => notices.push(text),
    plan: () => ({ changes: changes.sort((a, b) => (a.path < b.path ? -1 : 1)), refusals, notices }),
  };
}

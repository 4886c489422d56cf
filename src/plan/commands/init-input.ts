/** What the plan of `init` is made of. */
import type { Project } from '../../inspect/project.js';
import type { Answers } from '../answers.js';
import { NEXT_CONFIGS, OPEN_NEXT_CONFIG } from '../config/next-config-edit.js';
import { generatedPaths } from '../generated-paths.js';
import type { Replaced } from '../other-caches/take-out.js';
import type { TakeOut } from '../pages/take-out.js';
import type { ProjectFiles } from '../plan.js';
import type { Templates } from '../text/template.js';
import { workerFiles } from '../wrangler/worker-entry.js';
import type { NamespaceIds } from '../wrangler/wrangler-edit.js';
import type { WranglerTypes } from '../wrangler/wrangler-types.js';
import type { AnswerChanges } from '../wrapper/wrapper-edit.js';

/** What the plan of `init` is made of. */
export interface InitInput {
  project: Project;
  files: ProjectFiles;
  /** Absent where the wrapper is there already: then the file says what was answered. */
  answers?: Answers;
  /** Other answers for a wrapper that is there already. */
  changes?: AnswerChanges;
  templates: Templates;
  /** The range to write into `package.json`. */
  packageRange: string;
  /** Whether the project's wrangler creates a namespace without an id at deploy. */
  wranglerProvisions: boolean;
  /** Ids of namespaces that were created for it, or stand for those that are about to be. */
  namespaceIds?: NamespaceIds;
  /** Texts of the source files that may use what other answers leave behind (see `leftBehind`). Default none. */
  sources?: Readonly<Record<string, string>>;
  /** What pages make superfluous in the site, and whether it goes. Default: nobody has looked. */
  superfluous?: TakeOut;
  /** The cache of another plugin that this one replaces. Default: none is. */
  replaced?: Replaced;
  /** Whether Payload's routes answer from the cache; absent where they are left as they are. */
  responses?: boolean;
  /** Texts of the files that may hold Payload's routes, by path. Default none. */
  routes?: Readonly<Record<string, string>>;
  /** What `wrangler types` makes of this very plan. Without it, the types of the env are edited. */
  wranglerTypes?: WranglerTypes;
}

/** Paths of all files whose text a plan needs, besides those that inspection has read. */
export function filesToRead(project: Project): string[] {
  const { wrapper, hooks, schema } = generatedPaths(project);
  const { wrangler, typesFile, cloudflareEnvTypes } = project;
  const modules = wrangler ? workerFiles(wrangler, isTyped(project)) : [];
  return [
    ...[wrapper, hooks, schema, 'package.json', typesFile, cloudflareEnvTypes],
    ...[...modules, ...NEXT_CONFIGS, OPEN_NEXT_CONFIG],
  ].filter((path) => path !== undefined);
}

/** Whether a file of its own is TypeScript. */
export function isTyped({ tsconfigPath }: Project): boolean {
  return tsconfigPath !== undefined;
}

/** The project's tsconfig, as far as finding files needs it: `extends`, `baseUrl`, `paths`, comments and all. */
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import { CONDITIONS } from './subpaths.js';
import { syntaxErrors } from './syntax.js';
import { ts } from './typescript.js';

/** Reads tsconfig and jsconfig files, each once. */
export interface Tsconfigs {
  /** The options for the files of a directory, and the absolute path of the file that they are from. */
  optionsFor(directory: string): { options: ts.CompilerOptions; configPath?: string };
  /** The absolute paths that an alias leads to by `paths`, in their order. */
  aliasTargets(directory: string, alias: string): string[];
  /** The absolute directories in which a name without dots, such as `payload-kv`, is looked up before packages. */
  bareRoots(directory: string): string[];
}

/**
 * Makes a reader of tsconfig files. It throws `TSCONFIG_UNPARSABLE` for one, or a base of one, that is no JSON, and
 * tells its path from the directory `base`.
 */
export function tsconfigs(base: string): Tsconfigs {
  const byDirectory = new Map<string, { options: ts.CompilerOptions; configPath?: string }>();
  const byConfig = new Map<string, ts.CompilerOptions>();

  function read(configPath: string): ts.CompilerOptions {
    const known = byConfig.get(configPath);
    if (known) return known;
    // Without files to list: a project may hold many thousands, and only the options matter.
    const host: ts.ParseConfigHost = { ...ts.sys, useCaseSensitiveFileNames: true, readDirectory: () => [] };
    // Comments and trailing commas are fine with it; anything else would silently lose `paths`.
    const source = ts.readJsonConfigFile(configPath, ts.sys.readFile);
    const directory = path.dirname(configPath);
    const parsed = ts.parseJsonSourceFileConfigFileContent(source, host, directory, undefined, configPath);
    const fault = [...syntaxErrors(source), ...parsed.errors].find(
      ({ code, file }) => file !== undefined && code >= 1000 && code < 2000,
    );
    if (fault) throw unparsable(fault, base);
    const options = asBundlersResolve(parsed.options);
    byConfig.set(configPath, options);
    // A tsconfig that only refers to others: one of them has the aliases.
    for (const { path: referred } of options.paths ? [] : (parsed.projectReferences ?? [])) {
      const { paths, baseUrl, pathsBasePath } = read(ts.resolveProjectReferencePath({ path: referred }));
      if (!paths) continue;
      Object.assign(options, { paths, baseUrl, pathsBasePath });
      break;
    }
    return options;
  }

  function optionsFor(directory: string) {
    const known = byDirectory.get(directory);
    if (known) return known;
    const configPath =
      ts.findConfigFile(directory, ts.sys.fileExists, 'tsconfig.json') ??
      ts.findConfigFile(directory, ts.sys.fileExists, 'jsconfig.json');
    const result = configPath
      ? { options: read(configPath), configPath: path.normalize(configPath) }
      : { options: asBundlersResolve({}) };
    byDirectory.set(directory, result);
    return result;
  }

  function aliasTargets(directory: string, alias: string): string[] {
    const { options, configPath } = optionsFor(directory);
    const found = options.paths && matchingPath(options.paths, alias);
    if (!found || !configPath) return [];
    const inherited = options.pathsBasePath;
    const base = options.baseUrl ?? (typeof inherited === 'string' ? inherited : path.dirname(configPath));
    return found.targets.map((target) =>
      path.resolve(
        base,
        target.replace('*', () => found.rest),
      ),
    );
  }

  return {
    optionsFor,
    aliasTargets,
    bareRoots(directory) {
      const { baseUrl } = optionsFor(directory).options;
      const wildcards = aliasTargets(directory, '*').filter((target) => path.basename(target) === '*');
      return [
        ...(baseUrl === undefined ? [] : [path.normalize(baseUrl)]),
        ...wildcards.map((it) => path.dirname(it)),
      ];
    },
  };
}

/** The targets of the alias, or of the longest pattern that it meets, and what `*` stands for in it. */
function matchingPath(
  paths: ts.MapLike<string[]>,
  alias: string,
): { targets: string[]; rest: string } | undefined {
  const exact = paths[alias];
  if (exact) return { targets: exact, rest: '*' };
  let best: { targets: string[]; rest: string; before: number } | undefined;
  for (const [pattern, targets] of Object.entries(paths)) {
    const [before, after] = pattern.split('*');
    if (before === undefined || after === undefined || (best && before.length <= best.before)) continue;
    if (alias.length < before.length + after.length) continue;
    if (!alias.startsWith(before) || !alias.endsWith(after)) continue;
    best = { targets, rest: alias.slice(before.length, alias.length - after.length), before: before.length };
  }
  return best;
}

function unparsable({ file, start = 0, messageText }: ts.Diagnostic, base: string): PayloadKVError {
  const name = path
    .relative(base, file?.fileName ?? base)
    .split(path.sep)
    .join('/');
  return new PayloadKVError({
    code: 'TSCONFIG_UNPARSABLE',
    message: `${name} is no valid JSON: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    location: { file: name, line: (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1 },
    nextStep: 'Correct the file and run the command again: its paths tell where imports of the config lead.',
  });
}

/** What runs Payload (Next, tsx, vite) resolves as bundlers do, whatever the project's own setting. */
function asBundlersResolve(options: ts.CompilerOptions): ts.CompilerOptions {
  return {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowJs: true,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    customConditions: [...(options.customConditions ?? []), ...CONDITIONS],
    preserveSymlinks: false,
  };
}

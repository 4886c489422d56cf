/** Reading and finding source files. Nothing is type-checked: files are parsed one by one as they are followed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import { relativePath } from './file-system.js';
import { packageName } from './package-name.js';
import type { SourceLocation } from './schema.js';
import { syntaxErrors } from './syntax.js';
import type { Tsconfigs } from './tsconfig.js';
import { ts } from './typescript.js';
import { importTarget, sourceAt, workspaceSource } from './workspace-source.js';

/** Where an import leads. */
export type Resolution =
  | { kind: 'file'; path: string }
  /** A package of `node_modules` or of Node: its code is not followed. */
  | { kind: 'package'; name: string }
  | { kind: 'missing' };

/** Reads the project's source files and follows its imports. */
export interface SourceFiles {
  /** Absolute directory that locations are relative to. */
  root: string;
  /** The parsed file; throws `CONFIG_UNPARSABLE` at a syntax error. */
  parse(file: string): ts.SourceFile;
  resolve(specifier: string, from: string): Resolution;
  /** The path relative to the root, with forward slashes. */
  relative(file: string): string;
  locate(node: ts.Node): SourceLocation;
  /** Every file parsed so far. */
  parsed(): ts.SourceFile[];
}

const SOURCE_EXTENSION = /\.(?:[cm]?[jt]sx?|json)$/;

/** Makes a reader of source files for the package at `root`. */
export function sourceFiles(root: string, configs: Tsconfigs): SourceFiles {
  const files = new Map<string, ts.SourceFile>();
  const caches = new Map<string, ts.ModuleResolutionCache>();

  function relative(file: string): string {
    return relativePath(root, file);
  }

  function parse(file: string): ts.SourceFile {
    const known = files.get(file);
    if (known) return known;
    const text = readFileSync(file, 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const fault = syntaxErrors(source)[0];
    if (fault) {
      throw new PayloadKVError({
        code: 'CONFIG_UNPARSABLE',
        message: `${relative(file)} has a syntax error: ${ts.flattenDiagnosticMessageText(fault.messageText, ' ')}`,
        location: { file: relative(file), line: source.getLineAndCharacterOfPosition(fault.start).line + 1 },
        nextStep: 'Correct the syntax error and run the command again.',
      });
    }
    files.set(file, source);
    return source;
  }

  function resolve(specifier: string, from: string): Resolution {
    const { options, configPath } = configs.optionsFor(path.dirname(from));
    const cacheKey = configPath ?? '';
    let cache = caches.get(cacheKey);
    if (!cache) {
      cache = ts.createModuleResolutionCache(ts.sys.getCurrentDirectory(), (name) => name, options);
      caches.set(cacheKey, cache);
    }
    const { resolvedModule } = ts.resolveModuleName(specifier, from, options, ts.sys, cache);
    if (resolvedModule) {
      const file = path.normalize(resolvedModule.resolvedFileName);
      // A package of the workspace is linked into node_modules; it resolves to where it really is.
      const installed = file.split(path.sep).includes('node_modules');
      if (installed)
        return { kind: 'package', name: nameOfInstalled(specifier, resolvedModule.resolvedFileName) };
      if (!/\.d\.[cm]?ts$/.test(file) && SOURCE_EXTENSION.test(file)) return { kind: 'file', path: file };
    }
    if (specifier.startsWith('#')) {
      const target = importTarget(specifier, from);
      if (target && 'file' in target) return { kind: 'file', path: target.file };
      if (target) return resolve(target.specifier, from);
    }
    // Where the compiler takes declarations, or wants an ending that bundlers do without.
    const aliased = isRelative(specifier)
      ? undefined
      : configs.aliasTargets(path.dirname(from), specifier).map(sourceAt).find(Boolean);
    if (aliased !== undefined) return { kind: 'file', path: aliased };
    if (isRelative(specifier) || /^(?:[@~]?\/|#)/.test(specifier)) return { kind: 'missing' };
    // A package of the workspace that was built, or is yet to be: declarations say nothing about values.
    const source = workspaceSource(specifier, from);
    if (source !== undefined) return { kind: 'file', path: source };
    return { kind: 'package', name: packageName(specifier) };
  }

  return {
    root,
    parse,
    resolve,
    relative,
    locate(node) {
      const source = node.getSourceFile();
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      return { file: relative(source.fileName), line: line + 1 };
    },
    parsed: () => [...files.values()],
  };
}

/** The package that an alias leads to, else the one that is written. */
function nameOfInstalled(specifier: string, file: string): string {
  const isAlias = specifier.startsWith('#') || /^[@~]\//.test(specifier);
  return packageName(isAlias ? file.split('/node_modules/').at(-1)! : specifier);
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.') || path.isAbsolute(specifier);
}

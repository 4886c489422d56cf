/**
 * Evaluates the expressions of a Payload config statically, to plain values, without running anything of the project:
 * identifiers, imports, spreads, helper functions, array methods, statements that push or assign. A condition that is
 * not known makes a choice of both outcomes; what cannot be evaluated becomes an unresolved value that says why.
 */

import type { SourceFiles } from '../source-files.js';
import type { ts } from '../typescript.js';
import type { Binding, Lazy, ObjectValue, Scope, Value } from './value.js';

/** A parsed file with the names of its top level and its exports. */
export interface Module {
  path: string;
  source: ts.SourceFile;
  scope: Scope;
  /** The export, following re-exports. */
  exported(name: string): Binding | undefined;
  /** Runs the statements that change what its names hold, or those of other files. Once; done when a name is asked for. */
  start(): void;
  /** What a CommonJS file assigns to `module.exports`. */
  wholeExport?: Binding;
}

/** Evaluates expressions of the project's files. */
export interface Evaluator {
  load(file: string): Module;
  /** Starts all files that were loaded so far, and those that they load. */
  startLoaded(): void;
  evaluate(node: ts.Expression, scope: Scope): Value;
  /** The value of a property; `undefined` as a primitive where there is none. */
  property(value: Value, name: string, node: ts.Node): Value;
  call(callee: Value, args: Lazy[], node: ts.Node): Value;
  /** What `await` gives: the value itself, or what its `then` resolves to. */
  awaited(value: Value, node: ts.Node): Value;
  /** The first expression that is no mere name, behind constants and imports. */
  follow(node: ts.Expression, scope: Scope): { node: ts.Expression; scope: Scope };
  /** The elements of an array, spreads resolved; an unresolved value for what is none. */
  spreadItems(value: Value): Value[];
  /** One object of several that a condition chooses from: where they differ, a choice. */
  asOne(options: ObjectValue[], node: ts.Node): ObjectValue;
  files: SourceFiles;
}

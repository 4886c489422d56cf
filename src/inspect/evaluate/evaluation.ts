/**
 * What the files of this folder share while the files of one project are evaluated. A function calls what it needs of
 * files below its own by name, with the evaluation as the first argument; what stands above it, and so needs it in
 * turn, it finds in the evaluation.
 */
import type { ts } from '../typescript.js';
import type { Evaluator, Module } from './evaluator.js';
import type { Binding, Scope, Value } from './value.js';

/** How far one statement list ran. */
export interface Completion {
  /** What a `return` that is reached for sure gives. */
  returned?: Value;
  /** The names as they are after the statements. */
  scope: Scope;
  /** What may have been returned before, under conditions that are not known. */
  pending: Value[];
}

/** One evaluation: the evaluator that others are given, its state, and what only this folder needs of it. */
export interface Evaluation extends Evaluator {
  /** The modules loaded so far, by path. */
  modules: Map<string, Module>;
  /** Pairs of file and export being looked for, as `export *` may go round in circles. */
  resolving: Set<string>;
  /** How many calls of the project's functions were followed so far. */
  calls: number;
  /** How many calls are being followed at the moment, one in another. */
  depth: number;
  /** How many expressions are being evaluated at the moment, one in another. */
  nesting: number;
  /** Runs statements in order, until one returns. */
  run(statements: readonly ts.Statement[], scope: Scope): Completion;
  /** Runs an expression for its effect; gives the names as they are after it. */
  runExpression(expression: ts.Expression, scope: Scope): Scope;
  /** What an import of `name` is bound to, `*` being all exports. */
  importBinding(specifier: string, from: string, name: string, node: ts.Node): Binding;
}

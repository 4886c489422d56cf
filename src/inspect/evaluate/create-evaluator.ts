/** Puts an evaluator together. */
import type { SourceFiles } from '../source-files.js';
import { call } from './calls.js';
import { asOne, spreadItems } from './contents.js';
import { runExpression } from './effects.js';
import type { Evaluation } from './evaluation.js';
import type { Evaluator } from './evaluator.js';
import { evaluate } from './expressions.js';
import { importBinding, load } from './modules.js';
import { property } from './properties.js';
import { follow } from './scope.js';
import { run } from './statements.js';
import { awaited } from './thenables.js';

/** Makes an evaluator over the project's files. */
export function createEvaluator(files: SourceFiles): Evaluator {
  const evaluation: Evaluation = {
    files,
    modules: new Map(),
    resolving: new Set(),
    calls: 0,
    depth: 0,
    nesting: 0,
    load: (file) => load(evaluation, file),
    // Those that are loaded on the way come after the others.
    startLoaded() {
      for (const module of evaluation.modules.values()) module.start();
    },
    importBinding: (specifier, from, name, node) => importBinding(evaluation, specifier, from, name, node),
    evaluate: (node, scope) => evaluate(evaluation, node, scope),
    property: (value, name, node) => property(evaluation, value, name, node),
    call: (callee, args, node) => call(evaluation, callee, args, node),
    run: (statements, scope) => run(evaluation, statements, scope),
    runExpression: (expression, scope) => runExpression(evaluation, expression, scope),
    awaited: (value, node) => awaited(evaluation, value, node),
    spreadItems: (value) => spreadItems(evaluation, value),
    asOne: (options, node) => asOne(evaluation, options, node),
    follow,
  };
  return evaluation;
}

import type { FileChange, Plan, ProjectFiles, Refusal, TransformResult } from '../plan.js';

/** A plan in the making: what transforms give becomes its changes and refusals. */
export interface Collector {
  create(path: string, after: string): void;
  edit(path: string, before: string, result: TransformResult): void;
  /** Several edits of one file, each of which may be refused for itself. */
  editInSteps(path: string, before: string, steps: readonly ((content: string) => TransformResult)[]): void;
  refuse(refusal: Refusal): void;
  notice(text: string): void;
  /** The plan as it is by now. */
  plan(): Plan;
}

/** Begins a plan for the files of a project. */
export function collectPlan(files: ProjectFiles): Collector {
  const changes: FileChange[] = [];
  const refusals: Refusal[] = [];
  const notices: string[] = [];
  function refuse(
    path: string,
    { reason, line, paste, instead }: Extract<TransformResult, { ok: false }>,
  ): void {
    refusals.push({
      path,
      ...(line === undefined ? {} : { line }),
      reason,
      paste,
      ...(instead === undefined ? {} : { instead }),
    });
  }
  return {
    create: (path, after) => changes.push({ path, before: files[path], after }),
    edit(path, before, result) {
      if (!result.ok) refuse(path, result);
      else if (result.modified) changes.push({ path, before, after: result.content });
    },
    editInSteps(path, before, steps) {
      let after = before;
      for (const step of steps) {
        const result = step(after);
        if (!result.ok) refuse(path, result);
        else after = result.content;
      }
      if (after !== before) changes.push({ path, before, after });
    },
    refuse: (refusal) => refusals.push(refusal),
    notice: (text) => notices.push(text),
    plan: () => ({ changes, refusals, notices }),
  };
}

/** A transform that has nothing to do. */
export function unchanged(content: string): TransformResult {
  return { ok: true, content, modified: false };
}

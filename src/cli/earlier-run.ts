import path from 'node:path';
import { type Recovery, recoverUnfinished, workspaceWithJournal } from '../apply/journal.js';
import type { InspectOptions } from '../inspect/find-config.js';
import { noticeLine } from './show-plan.js';
import type { Terminal } from './terminal/terminal.js';

/**
 * Finishes or takes back what a killed run left half-written, before the command reads anything, and says so.
 * @throws PayloadKVError `ALREADY_RUNNING`, `UNFINISHED_RUN`
 */
export function finishEarlierRun({ cwd, config }: InspectOptions, terminal: Terminal): void {
  const directory = config === undefined ? path.resolve(cwd) : path.dirname(path.resolve(cwd, config));
  const workspace = workspaceWithJournal(directory);
  const recovery = workspace === undefined ? undefined : recoverUnfinished(workspace);
  if (recovery) terminal.note(noticeLine(recoveryText(recovery)));
}

function recoveryText({ outcome, files }: Recovery): string {
  if (outcome === 'completed') {
    const what = files.length === 0 ? 'Everything was written.' : `Written now: ${files.join(', ')}.`;
    return `An earlier run was killed while it wrote. ${what}`;
  }
  const what = files.length === 0 ? 'No file had been changed.' : `Taken back: ${files.join(', ')}.`;
  return `An earlier run was killed before it was done. ${what}`;
}

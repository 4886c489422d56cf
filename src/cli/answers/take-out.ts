/** Whether what pages make superfluous goes: by the flag, or by a person who is shown what it is. */
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { readSiteFiles } from '../../inspect/site-files.js';
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import { valueIn } from '../../inspect/written-value.js';
import { generatedPaths } from '../../plan/generated-paths.js';
import { findSuperfluous } from '../../plan/pages/superfluous.js';
import { namesIn, type TakeOut } from '../../plan/pages/take-out.js';
import { countOf } from '../show-plan.js';
import type { Questions } from '../terminal/questions.js';
import { printable, type Terminal } from '../terminal/terminal.js';
import type { AnswerFlags } from './answer-flags.js';

/**
 * What pages make superfluous, where this run is about pages.
 * @param wrapper text of the wrapper that is there
 * @throws PayloadKVError `INVALID_FLAG` where the flag is given and the site has no pages; `CANCELLED`
 */
export async function resolveTakeOut(
  project: Project,
  wrapper: string | undefined,
  { pages, flags }: { pages: boolean; flags: AnswerFlags },
  terminal: Terminal,
  questions: Questions,
): Promise<TakeOut | undefined> {
  const paths = generatedPaths(project);
  const shape = wrapper === undefined ? undefined : readWrapper(wrapper, paths.wrapper).shape;
  if (!pages && !flags.takeOutHooks) return undefined;
  if (!pages && !valueIn(shape?.options, 'pages')) {
    throw new PayloadKVError({
      code: 'INVALID_FLAG',
      message:
        '--take-out-hooks is for sites whose pages follow what they read, and this one has no `pages`.',
      nextStep: 'Add --pages.',
    });
  }
  const found = findSuperfluous(readSiteFiles(project.root), paths.directory);
  if (flags.takeOutHooks || found.files.length === 0 || !terminal.interactive || flags.yes)
    return { found, goes: flags.takeOutHooks === true };
  // Yes is proposed: pages were asked for, what goes is known for sure, and the diff with its own question comes next.
  for (const file of found.files) terminal.say(`  superfluous with pages: ${printable(namesIn(file))}`);
  const count = countOf(found.files.length, 'file');
  return {
    found,
    goes: await questions.confirm(`Take that out of ${count}? \`remove\` brings it back.`, true),
  };
}

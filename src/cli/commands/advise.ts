import path from 'node:path';
import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import type { Advice, AdviceKind } from '../../plan/advice/advice.js';
import { advise } from '../../plan/advice/advise.js';
import { planAdvice } from '../../plan/commands/advise-plan.js';
import { filesToRead } from '../../plan/commands/init-input.js';
import type { Statistics } from '../../runtime/observe/snapshot.js';
import { adviceLines } from '../advise/advice-lines.js';
import { isAdvisable, readStatistics } from '../advise/statistics-file.js';
import { carryOut, outcomeDocument, type WriteOptions } from '../carry-out.js';
import { EXIT } from '../failure.js';
import { readProjectFiles } from '../project-files.js';
import { readProject } from '../read-project.js';
import { countOf } from '../show-plan.js';
import type { SiteFlags } from '../site/site-address.js';
import { openSite } from '../site/site-client.js';
import { createQuestions } from '../terminal/questions.js';
import { columnsOf, type Terminal } from '../terminal/terminal.js';

/** Options of `payload-kv advise`. */
export interface AdviseOptions extends SiteFlags, Pick<WriteOptions, 'yes' | 'dryRun' | 'diff'> {
  /** A file of statistics, instead of a site. */
  from?: string;
  /** Only advice of these kinds. Default: all. */
  only?: AdviceKind[];
  /** Writes into the wrapper what can be written there. Default `false`: it is only said. */
  apply?: boolean;
}

/**
 * Says what could be better in the policies of a site, by what it has counted; returns the exit code.
 * @throws PayloadKVError what reading the statistics and {@link planAdvice} throw
 */
export async function runAdvise(options: AdviseOptions, terminal: Terminal): Promise<number> {
  const { statistics, from } = await statisticsBy(options);
  const project = await projectFor(options, terminal);
  const advice = advise(statistics, project?.schema).filter(
    ({ kind }) => !options.only || options.only.includes(kind),
  );
  for (const line of adviceLines(advice, statistics, columnsOf(terminal))) terminal.say(line);
  const document = { command: 'advise', from, since: statistics.since, at: statistics.at, advice };
  if (!options.apply || !project) {
    if (advice.some(({ change }) => change))
      terminal.say(`\n--apply writes what can be written in the project's own file.`);
    terminal.document({ ...document, ok: true });
    return EXIT.ok;
  }
  return apply(advice, document, project, options, terminal);
}

async function apply(
  advice: readonly Advice[],
  document: object,
  project: Project,
  options: AdviseOptions,
  terminal: Terminal,
): Promise<number> {
  const plan = planAdvice(project, readProjectFiles(project.root, filesToRead(project)), advice);
  const ok = plan.refusals.length === 0;
  const course = {
    project,
    nothing: ok ? 'Nothing to write.' : 'Nothing was written.',
    written: ({ changes }: typeof plan) => `${kleur.green('✓')} ${countOf(changes.length, 'file')} written.`,
  };
  terminal.say();
  const outcome = await carryOut(plan, course, options, terminal, createQuestions(terminal));
  terminal.document({ ...document, ok, ...outcomeDocument(outcome, []) });
  return ok ? EXIT.ok : EXIT.found;
}

/** The numbers of all processes, or those that were saved. */
async function statisticsBy(options: AdviseOptions): Promise<{ statistics: Statistics; from: string }> {
  const { from, cwd } = options;
  if (from !== undefined) return { statistics: readStatistics(path.resolve(cwd, from)), from };
  const site = openSite(options);
  try {
    const statistics = await site.statistics('all');
    if (isAdvisable(statistics)) return { statistics, from: site.place };
    throw new PayloadKVError({
      code: 'SITE_OTHER_VERSION',
      message: `${site.place} has a version of payload-kv that does not count what advice is made of.`,
      nextStep: 'Bring the package of the site up to date.',
    });
  } finally {
    await site.close();
  }
}

/** The project, whose schema tells more; to say something by statistics alone none is needed. */
async function projectFor(options: AdviseOptions, terminal: Terminal): Promise<Project | undefined> {
  try {
    return await readProject(
      { cwd: options.cwd, ...(options.config ? { config: options.config } : {}) },
      terminal,
    );
  } catch (error) {
    if (options.apply || !(error instanceof PayloadKVError)) throw error;
    return undefined;
  }
}

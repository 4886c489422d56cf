import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import { generatedPaths } from '../../plan/generated-paths.js';
import { EXIT } from '../failure.js';
import { type MeasureKind, measuredLines } from '../measure/draw.js';
import { measureConfig } from '../measure/measure-config.js';
import { measureSite } from '../measure/measure-site.js';
import { readProjectFiles } from '../project-files.js';
import { readProject } from '../read-project.js';
import { apiOf, authorizationOf } from '../site/site-address.js';
import { createProgress } from '../terminal/progress.js';
import { columnsOf, type Terminal } from '../terminal/terminal.js';

/** Options of `payload-kv measure`. */
export interface MeasureOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** A running site to ask, e.g. `http://localhost:3000`. Default: the config is asked through `payload run`. */
  url?: string;
}

/**
 * Asks real queries with and without the cache, and shows what it saves; returns the exit code.
 * @throws PayloadKVError what {@link measureConfig} and {@link measureSite} throw
 */
export async function runMeasure(options: MeasureOptions, terminal: Terminal): Promise<number> {
  const { url } = options;
  const api = url === undefined ? undefined : apiOf(url);
  const authorization = url === undefined ? undefined : authorizationOf(url);
  const project = await readProject(options, terminal);
  const kind: MeasureKind = api === undefined ? 'config' : 'site';
  const progress = createProgress(terminal);
  progress.show(api === undefined ? `Payload reads, as ${project.configPath} has it` : api);
  const collections = await (api === undefined
    ? measureConfig(project)
    : measureSite({
        api,
        ...(authorization === undefined ? {} : { authorization }),
        collections: cachedIn(project),
        onCollection: progress.show,
      })
  ).finally(progress.clear);
  terminal.say(kleur.dim(introduction(project, api)));
  terminal.say();
  for (const line of measuredLines(collections, kind, columnsOf(terminal))) terminal.say(line);
  const ok = collections.some(({ status }) => status === 'measured');
  terminal.document({ command: 'measure', ok, source: kind, ...(api ? { api } : {}), collections });
  return ok ? EXIT.ok : EXIT.found;
}

function introduction({ configPath }: Project, api: string | undefined): string {
  return api === undefined
    ? `Read through Payload's Local API by ${configPath}, relations as deep as by default: calls of the database, and the median time of up to 9 reads each way. Nothing was written to the database.`
    : `Asked of ${api}, as somebody who is not logged in: the median of up to 5 first answers, and of the same asked again. A document that a visitor has just read is quick at first too.`;
}

/** The collections that the wrapper names, or where it names none, all that have no auth. */
function cachedIn(project: Project): string[] {
  const { wrapper } = generatedPaths(project);
  const text = readProjectFiles(project.root, [wrapper])[wrapper];
  if (text === undefined) {
    throw new PayloadKVError({
      code: 'MEASURE_NO_CACHE',
      message: `This project has no cache yet: there is no ${wrapper}.`,
      location: { file: project.configPath },
      nextStep: 'Run `payload-kv init`, restart the site, and run the command again.',
    });
  }
  const policies = readWrapper(text, wrapper).shape?.collections;
  if (policies && !policies.open) return policies.entries.map(({ slug }) => slug);
  return project.schema.collections.filter(({ auth }) => !auth).map(({ slug }) => slug);
}

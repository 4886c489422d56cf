/** Reading the user's project, by its text alone or with Payload's own word on the schema. */
import path from 'node:path';
import kleur from 'kleur';
import { PayloadKVError } from '../errors.js';
import { withExactSchema } from '../inspect/exact-schema.js';
import { configsToChooseFrom } from '../inspect/find-config.js';
import { type InspectOptions, inspectProject, type Project } from '../inspect/project.js';
import { inspectRemovable, type RemovableProject } from '../inspect/removable.js';
import { createQuestions } from './terminal/questions.js';
import { printable, type Terminal } from './terminal/terminal.js';

/** Which project, and how it is read. */
export interface ReadOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** Asks Payload itself, by loading the config in the project. Default `false`: only text is read. */
  exact?: boolean;
}

/**
 * A reader of one project, which may be called again after a change: which of several configs is meant is asked once,
 * and Payload itself is asked once.
 * @throws PayloadKVError what `inspectProject` and `readExactSchema` throw
 */
export async function projectReader(options: ReadOptions, terminal: Terminal): Promise<() => Project> {
  const { cwd, exact = false } = options;
  const given: InspectOptions = {
    cwd,
    partial: exact,
    ...(options.config === undefined ? {} : { config: options.config }),
  };
  const { first, chosen } = await inspectChosen(given, inspectProject, terminal);
  let read: Project | undefined = first;
  const again = () => {
    const project = read ?? inspectProject(chosen);
    read = undefined;
    return project;
  };
  if (!exact) return again;
  terminal.note(kleur.dim(`Loading ${first.configPath} as Payload does…`));
  const { readExactSchema } = await import('./exact/read-exact.js');
  const schema = await readExactSchema(first);
  return () => withExactSchema(again(), schema);
}

/** Inspects; where there are several configs and somebody is there, asks which. */
async function inspectChosen<Found>(
  options: InspectOptions,
  inspect: (options: InspectOptions) => Found,
  terminal: Terminal,
): Promise<{ first: Found; chosen: InspectOptions }> {
  try {
    return { first: inspect(options), chosen: options };
  } catch (error) {
    const configs = configsToChooseFrom(error);
    if (!configs || !terminal.interactive) throw error;
    const choices = configs.map((value) => ({ title: printable(path.relative(options.cwd, value)), value }));
    const config = await createQuestions(terminal).select('Which Payload config?', choices, configs[0]!);
    const chosen = { ...options, config };
    return { first: inspect(chosen), chosen };
  }
}

/**
 * Reads the project, telling the person so.
 * @throws PayloadKVError `NO_COLLECTIONS`, and what {@link projectReader} throws
 */
export async function readProject(options: ReadOptions, terminal: Terminal): Promise<Project> {
  terminal.note(kleur.dim('Reading the project…'));
  const project = (await projectReader(options, terminal))();
  if (!options.exact || project.schema.collections.length + project.schema.globals.length > 0) return project;
  throw new PayloadKVError({
    code: 'NO_COLLECTIONS',
    message: 'The config has no collections and no globals, so there is nothing to cache.',
    location: { file: project.configPath },
    nextStep: 'Add a collection to the config and run the command again.',
  });
}

/**
 * Reads what `remove` needs of the project, whatever its config says. Payload itself is never asked: nothing of the
 * schema is needed to take the cache out.
 * @throws PayloadKVError what {@link inspectRemovable} throws
 */
export async function readRemovable(
  { cwd, config }: Omit<ReadOptions, 'exact'>,
  terminal: Terminal,
): Promise<RemovableProject> {
  terminal.note(kleur.dim('Reading the project…'));
  const options = { cwd, ...(config === undefined ? {} : { config }) };
  return (await inspectChosen(options, inspectRemovable, terminal)).first;
}

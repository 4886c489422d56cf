/** Reading the user's project, by its text alone or with Payload's own word on the schema. */
import path from 'node:path';
import kleur from 'kleur';
import { PayloadKVError } from '../errors.js';
import { withExactSchema } from '../inspect/exact-schema.js';
import { configsToChooseFrom } from '../inspect/find-config.js';
import { type InspectOptions, inspectProject, type Project } from '../inspect/project.js';
import { createQuestions } from './questions.js';
import { printable, type Terminal } from './terminal.js';

/** Which project, and how it is read. */
export interface ReadOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** Asks Payload itself, by loading the config in the project. Default `false`: only text is read. */
  exact?: boolean;
}

/** Inspects; where there are several configs and somebody is there, asks which. */
async function inspectChosen(options: InspectOptions, terminal: Terminal): Promise<Project> {
  try {
    return inspectProject(options);
  } catch (error) {
    const configs = configsToChooseFrom(error);
    if (!configs || !terminal.interactive) throw error;
    const choices = configs.map((value) => ({ title: printable(path.relative(options.cwd, value)), value }));
    const chosen = await createQuestions(terminal).select('Which Payload config?', choices, configs[0]!);
    return inspectProject({ ...options, config: chosen });
  }
}

/**
 * Reads the project, telling the person so.
 * @throws PayloadKVError what `inspectProject` and `readExactSchema` throw
 */
export async function readProject(options: ReadOptions, terminal: Terminal): Promise<Project> {
  const { cwd, config, exact = false } = options;
  terminal.note(kleur.dim('Reading the project…'));
  const project = await inspectChosen({ cwd, partial: exact, ...(config ? { config } : {}) }, terminal);
  if (!exact) return project;
  terminal.note(kleur.dim(`Loading ${project.configPath} as Payload does…`));
  const { readExactSchema } = await import('./exact/read-exact.js');
  const whole = withExactSchema(project, await readExactSchema(project));
  if (whole.schema.collections.length + whole.schema.globals.length > 0) return whole;
  throw new PayloadKVError({
    code: 'NO_COLLECTIONS',
    message: 'The config has no collections and no globals, so there is nothing to cache.',
    location: { file: project.configPath },
    nextStep: 'Add a collection to the config and run the command again.',
  });
}

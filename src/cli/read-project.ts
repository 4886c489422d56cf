/** Reading the user's project, by its text alone or with Payload's own word on the schema. */
import kleur from 'kleur';
import { PayloadKVError } from '../errors.js';
import { withExactSchema } from '../inspect/exact-schema.js';
import { inspectProject, type Project } from '../inspect/project.js';
import type { Terminal } from './terminal.js';

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
 * Reads the project, telling the person so.
 * @throws PayloadKVError what `inspectProject` and `readExactSchema` throw
 */
export async function readProject(options: ReadOptions, terminal: Terminal): Promise<Project> {
  const { cwd, config, exact = false } = options;
  terminal.note(kleur.dim('Reading the project…'));
  const project = inspectProject({ cwd, partial: exact, ...(config ? { config } : {}) });
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

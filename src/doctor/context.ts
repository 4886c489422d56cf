import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isFile, readIfThere } from '../inspect/file-system.js';
import { RUNNERS } from '../inspect/package-manager.js';
import type { Project } from '../inspect/project.js';
import { readWrapper, type Wrapper } from '../inspect/wrapper/read-wrapper.js';
import { type GeneratedPaths, generatedPaths } from '../plan/generated-paths.js';
import { findPackage, type InstalledPackage } from './installed-package.js';
import type { Remote } from './remote.js';

/** Everything that the checks look at. */
export interface DoctorContext {
  project: Project;
  /** Where the generated files are, or should be. */
  paths: GeneratedPaths;
  /** What the wrapper says; `undefined` where the file is not there. */
  wrapper: Wrapper | undefined;
  /** Version of the Node that runs this, without `v`. */
  nodeVersion: string;
  /** Ranges that this version of the package was tested with. */
  supported: { node: string; payload: string };
  /** Text of a file of the project, `undefined` where it is not there. */
  read(file: string): string | undefined;
  /** A package as the project's own code would find it. */
  findPackage(name: string): InstalledPackage | undefined;
  /** The command line by which this project runs an executable of its dependencies. */
  command(line: string): string;
  /** What is deployed; only with `--remote`. */
  remote?: Remote;
}

/** Reads what the checks need, once. */
export async function doctorContext(project: Project): Promise<DoctorContext> {
  const read = (file: string) => readIfThere(path.join(project.root, file));
  const paths = pathsInUse(project);
  const wrapperText = read(paths.wrapper);
  return {
    project,
    paths,
    wrapper: wrapperText === undefined ? undefined : readWrapper(wrapperText, paths.wrapper),
    nodeVersion: process.versions.node,
    supported: await supportedRanges(),
    read,
    findPackage: (name) => findPackage(project.root, name),
    command: (line) => `${RUNNERS[project.packageManager]} ${line}`,
  };
}

/** The usual places, or beside the file that the config really imports. */
function pathsInUse(project: Project): GeneratedPaths {
  const usual = generatedPaths(project);
  const imported = project.configShape.wired.import;
  const wrapper = imported?.resolved ?? (imported?.specifier === 'payload-kv' ? imported.file : undefined);
  if (!wrapper || wrapper === usual.wrapper || isFile(path.join(project.root, usual.wrapper))) return usual;
  const directory = path.posix.dirname(wrapper);
  const beside = (file: string) => path.posix.join(directory, path.posix.basename(file));
  const moved = { directory, wrapper, hooks: beside(usual.hooks), schema: beside(usual.schema) };
  return isFile(path.join(project.root, moved.schema)) ? moved : { ...usual, wrapper };
}

async function supportedRanges(): Promise<{ node: string; payload: string }> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { engines, peerDependencies } = JSON.parse(text) as {
    engines: { node: string };
    peerDependencies: { payload: string };
  };
  return { node: engines.node, payload: peerDependencies.payload };
}

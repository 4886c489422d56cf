import { posix } from 'node:path';
import { PayloadKVError } from '../../errors.js';
import { exportsName } from '../../inspect/exported-value.js';
import type { Project } from '../../inspect/project.js';
import { generatedPaths } from '../generated-paths.js';
import type { ProjectFiles } from '../plan.js';

/**
 * Refuses what is not of this tool and would not work with what it writes.
 * @throws PayloadKVError `WIRED_BY_HAND`, `FILE_IN_THE_WAY`
 */
export function refuseForeign(project: Project, files: ProjectFiles): void {
  const paths = generatedPaths(project);
  refuseForeignWiring(project, paths.wrapper);
  const { wrapper, hooks, schema } = paths;
  const text = files[wrapper];
  if (text !== undefined) {
    const isOurs = /\bpayloadKV\b/.test(text) || project.configShape.wired.elements > 0;
    if (!isOurs) throw inTheWay(wrapper, 'it calls no `payloadKV`');
    return;
  }
  const [hooksText, schemaText] = [files[hooks], files[schema]];
  if (hooksText !== undefined && !exportsName(hooksText, 'hooks'))
    throw inTheWay(hooks, 'it exports no `hooks`');
  if (schemaText !== undefined && !exportsName(schemaText, 'schema'))
    throw inTheWay(schema, 'it exports no `schema`');
}

function inTheWay(file: string, why: string): PayloadKVError {
  return new PayloadKVError({
    code: 'FILE_IN_THE_WAY',
    message: `${file} is there already and not what init writes: ${why}.`,
    location: { file },
    nextStep: 'Move or rename it and run `payload-kv init` again.',
  });
}

/** A cache that somebody wired without the wrapper would be wrapped twice. */
function refuseForeignWiring({ configShape }: Project, wrapper: string): void {
  const { wired } = configShape;
  if (wired.elements === 0 || !wired.import || wired.import.resolved !== undefined) return;
  // The import of a wrapper that is gone: it is written anew.
  if (/^\.{1,2}\//.test(wired.import.specifier)) {
    const target = posix.join(posix.dirname(wired.import.file), wired.import.specifier);
    if (target.replace(/\.[cm]?[jt]s$/, '').replace(/\/index$/, '') === posix.dirname(wrapper)) return;
  }
  throw new PayloadKVError({
    code: 'WIRED_BY_HAND',
    message: `The config uses \`${wired.import.specifier}\` in \`plugins\` already, without ${wrapper}.`,
    location: wired.elementLocation ?? { file: wired.import.file },
    nextStep: 'Keep it as it is, or take it out of `plugins` and run `payload-kv init` again.',
  });
}

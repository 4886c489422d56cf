import { parseSchemaFile } from '../../plan/schema/schema-file.js';
import { type Check, ok, warn } from '../check.js';

/** Nobody changed the tool's own file. */
export const generatedUnedited: Check = {
  id: 'generated-unedited',
  title: 'Generated schema is unedited',
  run({ paths, read, command }) {
    const text = read(paths.schema);
    // That it is missing is said by `generated-files`.
    if (text === undefined) return undefined;
    if (!parseSchemaFile(text, paths.schema).edited) return ok(`the checksum of ${paths.schema} holds`);
    return warn(`${paths.schema} was changed by hand: its checksum does not hold`, {
      details: ['`payload-kv sync` keeps the change, unless the schema changes in the same place'],
      fix: `Keep changes of your own in ${paths.wrapper}, then write the file anew: ${command('payload-kv sync --force')}`,
    });
  },
};

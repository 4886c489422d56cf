import { isExact } from '../../inspect/exact-schema.js';
import { unresolvedSentences } from '../../inspect/unresolved.js';
import { readLedger } from '../../plan/schema/ledger.js';
import { diffSchemas } from '../../plan/schema/schema-diff.js';
import { parseSchemaFile } from '../../plan/schema/schema-file.js';
import { schemaRecord } from '../../plan/schema/schema-record.js';
import { type Check, counted, fail, ok, warn } from '../check.js';

/** The generated schema says what the project's schema is now. */
export const schemaInStep: Check = {
  id: 'schema-in-step',
  title: 'Generated schema is in step',
  run({ project, paths, read, command }) {
    const text = read(paths.schema);
    if (text === undefined) return undefined;
    const { record: written, edited } = parseSchemaFile(text, paths.schema);
    // What a person changed in the file is no change of the schema.
    const record = (edited && readLedger(text)?.schema) || written;
    const now = schemaRecord(project.schema);
    const changes = diffSchemas(record, now);
    if (changes.length > 0 || record.fingerprint !== now.fingerprint) {
      return fail(
        changes.length > 0
          ? `${counted(changes.length, 'change')} since the last sync`
          : 'its fingerprint is another one',
        {
          details: changes.map((change) => change.text),
          fix: `Run: ${command(`payload-kv sync${isExact(project.schema) ? ' --exact' : ''}`)}`,
        },
      );
    }
    const { unresolved, warnings, collections, globals } = project.schema;
    const summary = `${counted(collections.length, 'collection')}, ${counted(globals.length, 'global')}`;
    if (unresolved.length + warnings.length === 0) return ok(summary);
    const types = command('payload generate:types');
    return warn(unresolved.length > 0 ? `${summary}, as far as they can be read` : summary, {
      details: [...unresolvedSentences(unresolved), ...warnings],
      fix:
        unresolved.length > 0
          ? `Keep payload-types.ts up to date: ${types}\nOr ask Payload itself, in each command: --exact`
          : `Run: ${types}`,
    });
  },
};

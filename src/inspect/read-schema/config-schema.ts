/** What the config tells of the schema. */
import type { ProjectSchema } from '../schema.js';

/** What the config tells, before `payload-types.ts` completes it. */
export interface ConfigSchema extends ProjectSchema {
  /** Whether something may add to the schema that is not in the config: plugins, parts that were not resolved. */
  open: boolean;
  /**
   * What may add collections and globals: nothing, something that is handed the config (a plugin that is not run), or
   * the config itself, of which a part could not be read.
   */
  adding: 'nothing' | 'plugins' | 'config';
  /** Whether `localization` could be read. */
  localesKnown: boolean;
  /** The config's `typescript.outputFile`, absolute. */
  typesOutputFile?: string;
  /** Whether the config sets `kv`, so that there may be no `payload-kv` collection. */
  ownKV: boolean;
}

/** Ids are numbers in SQL databases unless they are told to be UUIDs. */
export type IdType = 'number' | 'text';

/** What the files of this folder share while one config is read. */

import type { Evaluator } from '../evaluate/evaluator.js';
import type { ObjectValue } from '../evaluate/value.js';
import type { UnresolvedPart } from '../schema.js';
import type { ts } from '../typescript.js';
import type { IdType } from './config-schema.js';

/** The reading of one config. */
export interface Reading {
  evaluator: Evaluator;
  idType: IdType;
  /** Fields of auth that the project's Payload does not have. */
  absentAuth: ReadonlySet<string>;
  /** The config as it is written. */
  given: ObjectValue;
  /** The config as the plugins leave it that were evaluated so far. */
  config: ObjectValue;
  /** What could not be read, each part once. */
  notices: Map<string, UnresolvedPart>;
  warnings: string[];
  /** Whether a part of the config could not be read that may have collections or globals. */
  unread: boolean;
  /** Whether there is a plugin that is not run. */
  pluginsNotRun: boolean;
  /** The places in the config of the plugins that are known, by package. */
  pluginNodes: Map<string, ts.Node>;
  /** The places of the config's own entities, by `collections` or `globals` and slug. */
  ownNodes: Map<string, ts.Node>;
  /** Whether fields can be localized: there are locales, or it is not known. */
  localized: boolean;
  /** The blocks of the config itself, by slug. */
  sharedBlocks: Map<string, ObjectValue>;
}

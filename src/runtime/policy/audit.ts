/** Who purged what. */

/** Who makes something stale by hand. */
export type PurgedBy =
  | { kind: 'user'; collection: string; id: string | number }
  /** The sender of a signed request; its name is what the terminal says of itself, e.g. `ana@laptop`. */
  | { kind: 'terminal'; name?: string }
  /** Code of the site, which may say what it is. */
  | { kind: 'code'; name?: string }
  /** Somebody whom `access` of observe() let in without a user. */
  | { kind: 'somebody' };

/** What is made stale by hand. A key of a namespace is told by its hash. */
export type PurgedTarget =
  | { collection: string; id?: string | number }
  | { global: string }
  | { tags: readonly string[] }
  | { namespace: string; key?: string }
  | { prefix: string }
  | 'everything';

/** One purge by hand. It holds no value and no secret. */
export interface PurgeRecord {
  /** When it had ended, in milliseconds since 1970. */
  time: number;
  /** What was to be made stale. */
  target: PurgedTarget;
  /** Who did it. */
  by: PurgedBy;
  /**
   * - `done`
   * - `late`: the registry does not answer, and the site goes on trying
   * - `refused`: by `access`, `rateLimit` or the limit of the endpoint, as the reason says; nothing was made stale
   * - `failed`
   */
  outcome: 'done' | 'late' | 'refused' | 'failed';
  /** The code of the error of what was refused or has failed, or `fault`. */
  reason?: string;
  /** How many tags were made stale; 0 for a prefix, whose entries were deleted. */
  tags: number;
}

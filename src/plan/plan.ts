/** A plan is data: what `--dry-run` prints is the very object that `apply` writes. */

/** One file of the user's repository, before and after. */
export interface FileChange {
  /** Path relative to the project's root, with forward slashes. */
  path: string;
  /** Content now; `undefined` where the file does not exist yet. */
  before: string | undefined;
  /** Content to be written; `undefined` where the file is to be deleted. */
  after: string | undefined;
}

/** Texts of the project's files by path relative to its root; absent where there is no such file. */
export type ProjectFiles = Readonly<Record<string, string | undefined>>;

/** An edit that was not made because it could not be made safely. */
export interface Refusal {
  path: string;
  /** Line, counted from 1, that stands in the way. */
  line?: number;
  /** Why, in one sentence. */
  reason: string;
  /** The exact lines to paste by hand, or to take out. */
  paste: string;
  /** What is to be done with the lines. Default `add`. */
  by?: 'add' | 'remove';
  /** Lines that stand there now and that the others would replace. */
  instead?: string;
}

/** All changes of one command. */
export interface Plan {
  /** Only files that really change, sorted by path. */
  changes: FileChange[];
  refusals: Refusal[];
  /** Things to say that need no change, in words. */
  notices: string[];
}

/** Result of a text transform: the new text, or a refusal with its reason. */
export type TransformResult =
  | { ok: true; content: string; modified: boolean }
  | {
      ok: false;
      reason: string;
      line?: number;
      /** The exact lines to paste: an import above an empty line belongs to the others of the file. */
      paste: string;
      /** What the lines replace, an import among them apart; absent where they are added. */
      instead?: string;
    };

/**
 * The one error class of the package, used by the command line and by the runtime. It has no dependency, so that
 * importing it costs a Worker next to nothing.
 */

/** Where in the user's project an error was found. */
export interface ErrorLocation {
  /** Path of the file, absolute or relative to the project. */
  file: string;
  /** Line, counted from 1. */
  line?: number;
}

/** The parts of an error that a person is shown. */
export interface PayloadKVErrorDetails {
  /** Stable identifier such as `CONFIG_NOT_FOUND`; scripts may rely on it, it never changes its meaning. */
  code: string;
  /** What happened, in one sentence. */
  message: string;
  /** Where it happened, if it happened in a file. */
  location?: ErrorLocation;
  /** What the reader can do about it. */
  nextStep?: string;
  /** In how many seconds it is of use to try again, where that is known. */
  retryAfter?: number;
  /** The error behind this one. */
  cause?: unknown;
}

/** What marks the errors of every copy of this module: a bundler may put several into one process, as Next's does. */
const BRAND = Symbol.for('payload-kv.error');

/** An error with a stable code, a place and a next step. Everything this package throws on purpose is one. */
export class PayloadKVError extends Error {
  override readonly name = 'PayloadKVError';
  /** The code that only errors of a subclass have, by which one copy of it knows those of another. */
  declare static readonly onlyCode?: string;
  /** Stable identifier such as `CONFIG_NOT_FOUND`. */
  readonly code: string;
  /** Where it happened, if it happened in a file. */
  readonly location: ErrorLocation | undefined;
  /** What the reader can do about it. */
  readonly nextStep: string | undefined;
  /** In how many seconds it is of use to try again, where that is known. */
  readonly retryAfter: number | undefined;

  constructor(details: PayloadKVErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.location = details.location;
    this.nextStep = details.nextStep;
    this.retryAfter = details.retryAfter;
  }

  get [BRAND](): true {
    return true;
  }

  /** `instanceof`, also for an error that another copy of this module has thrown. */
  static override readonly [Symbol.hasInstance] = hasInstance;
}

function hasInstance(this: { readonly onlyCode?: string }, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this as never, value)) return true;
  if (typeof value !== 'object' || value === null || !(BRAND in value)) return false;
  // Of a class that somebody has made out of this one nothing is known elsewhere.
  const { code } = value as { code?: unknown };
  return this === PayloadKVError || (Object.hasOwn(this, 'onlyCode') && code === this.onlyCode);
}

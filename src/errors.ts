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
  /** The error behind this one. */
  cause?: unknown;
}

/** An error with a stable code, a place and a next step. Everything this package throws on purpose is one. */
export class PayloadKVError extends Error {
  override readonly name = 'PayloadKVError';
  /** Stable identifier such as `CONFIG_NOT_FOUND`. */
  readonly code: string;
  /** Where it happened, if it happened in a file. */
  readonly location: ErrorLocation | undefined;
  /** What the reader can do about it. */
  readonly nextStep: string | undefined;

  constructor(details: PayloadKVErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.location = details.location;
    this.nextStep = details.nextStep;
  }
}

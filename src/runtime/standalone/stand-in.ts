/** What stands for Payload where there is none: a site without collections, whose database nobody asks. */
import type { DatabaseAdapter, Payload } from 'payload';

/** Where a cache without Payload says what its owner ought to know. */
export interface CacheLogger {
  /** A fault, or something that ought to be set otherwise; with the error where there is one. */
  warn(message: string, error?: unknown): void;
  /** Each purge by hand, where `audit: true` asks for it. Default none. */
  info?(message: string): void;
  /** Every lookup, where `debug` asks for it. Default none. */
  debug?(message: string): void;
}

/** The log as Payload's code calls it: a text, or an error with one. */
type Logged = string | { err?: unknown; msg?: string };

/** A Payload instance without collections, globals and requests. */
export function createStandIn(logger: CacheLogger): Payload {
  const standIn = {
    config: { collections: [], globals: [], blocks: [], localization: false, custom: {} },
    authStrategies: [],
    logger: {
      warn(logged: Logged) {
        if (typeof logged === 'string') logger.warn(logged);
        else logger.warn(logged.msg ?? '', logged.err);
      },
      error: (logged: { err?: unknown; msg: string }) => logger.warn(logged.msg, logged.err),
      info: (message: string) => logger.info?.(message),
      debug: (message: string) => logger.debug?.(message),
    },
  };
  return standIn as unknown as Payload;
}

/** An adapter of no database: all that it has is its life. */
export function createEmptyAdapter(): DatabaseAdapter {
  const adapter = {
    name: 'none',
    defaultIDType: 'number',
    init() {},
    async connect() {},
    async destroy() {},
  };
  return adapter as unknown as DatabaseAdapter;
}

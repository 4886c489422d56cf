import type { Config } from 'payload';

/** One line of Payload's log. */
export interface LoggedLine {
  /** 20 debug, 30 info, 40 warn, 50 error. */
  level: number;
  msg: string;
}

/** Keeps what a site logs. */
export interface Logged {
  /** For `StartOptions.configure`. */
  configure(config: Config): Config;
  /** Lines of this package, from a level on. Default 40: warnings and errors. */
  lines(level?: number): string[];
  clear(): void;
}

/** Collects a site's log: give its `configure` to a start. */
export function collectLog(): Logged {
  let logged: LoggedLine[] = [];
  return {
    configure: (config) => ({
      ...config,
      logger: {
        options: { level: 'debug' },
        destination: { write: (line: string) => void logged.push(JSON.parse(line) as LoggedLine) },
      },
    }),
    lines: (level = 40) =>
      logged
        .filter((line) => line.level >= level && line.msg?.startsWith('payload-kv:'))
        .map(({ msg }) => msg),
    clear() {
      logged = [];
    },
  };
}

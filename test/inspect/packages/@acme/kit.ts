import { buildConfig, type Config, type SanitizedConfig } from 'payload';

/** Gives back a config that is yet to be built. */
export const withDefaults = (config: Config): Config => ({ ...config });

/** Builds a config. */
export const defineSite = (config: Config): Promise<SanitizedConfig> => buildConfig(config);

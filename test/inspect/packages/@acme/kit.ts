import { buildConfig, type Config, type Plugin, type SanitizedConfig } from 'payload';

/** Gives back a config that is yet to be built. */
export const withDefaults = (config: Config): Config => ({ ...config });

/** Builds a config. */
export const defineSite = (config: Config): Promise<SanitizedConfig> => buildConfig(config);

/** What sites have in common. */
export const siteDefaults = (): Partial<Config> => ({ plugins: [(config) => config] });

/** Builds a config whose plugins may follow or replace those of the package. */
export const defineStudio = ({
  plugins,
  ...config
}: Omit<Config, 'plugins'> & { plugins: (defaultPlugins: Plugin[]) => Plugin[] }): Promise<SanitizedConfig> =>
  buildConfig({ ...config, plugins: plugins([]) });

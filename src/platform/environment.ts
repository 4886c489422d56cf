/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of this process. In a Worker they are there with `nodejs_compat`. */
export function processEnvironment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}

/** What comes before every key of a store: the variable, so that a deployment can be set apart without code. */
export function keyPrefix(option: string | undefined, environment = processEnvironment()): string {
  return environment.PAYLOAD_KV_PREFIX || (option ?? '');
}

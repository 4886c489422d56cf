import { cloudflareContext } from './background.js';
import { isObject } from './is-object.js';

/**
 * What a `binding` option leads to right now: the binding itself, what a function returns, or what the request's
 * environment, else `env`, has under a name. Asked for each call: a binding belongs to a request.
 */
export function currentBinding(binding: unknown, env: unknown): unknown {
  if (typeof binding === 'function') return binding();
  if (typeof binding !== 'string') return binding;
  return cloudflareContext()?.env?.[binding] ?? (env as Record<string, unknown> | undefined)?.[binding];
}

/** The name that an environment has for a binding. */
export function nameIn(env: unknown, is: (binding: unknown) => boolean): string | undefined {
  if (!isObject(env)) return undefined;
  return Object.keys(env).find((name) => is((env as Record<string, unknown>)[name]));
}

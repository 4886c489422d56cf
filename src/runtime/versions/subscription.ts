import type { Registry } from '../../interfaces/registry.js';
import { isWorkerd } from '../../platform/background.js';
import type { PayloadKVOptions } from '../policy/options.js';

/**
 * How long a version may be remembered in `eventual` mode while replacements are told, in seconds: the bound where a
 * connection died and nobody noticed.
 */
const EVENTUAL_MEMORY_WHILE_TOLD = 60;

/** How long what a process remembers of a version may serve, in seconds. */
export function memoryOf(rule: { maximumAge: number; eventual: boolean }, isTold: boolean): number {
  return rule.eventual && isTold ? EVENTUAL_MEMORY_WHILE_TOLD : rule.maximumAge;
}

/**
 * Whether it gains anything to be told of replacements: where some policy lets versions be remembered, and that spares a
 * round trip. Versions that lie beside their entries come with them, unless a tier in this process has the entries.
 */
export function wantsToBeTold(options: PayloadKVOptions, registry: Registry): boolean {
  // There a connection belongs to one request.
  if (isWorkerd()) return false;
  if (registry.storeKey && !options.store.near) return false;
  const policies = [...Object.values(options.collections ?? {}), ...Object.values(options.globals ?? {})] as (
    | { consistency?: unknown }
    | undefined
  )[];
  const modes = [
    options.consistency ?? registry.defaultConsistency,
    ...policies.map((policy) => policy?.consistency),
  ];
  return modes.some((mode) => mode !== undefined && mode !== 'strong');
}

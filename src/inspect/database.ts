/** Which database adapter the config uses. */

import type { Evaluator } from './evaluate/evaluator.js';
import { choice, type ExternalValue, type ObjectValue, type Value } from './evaluate/value.js';
import type { SourceLocation } from './schema.js';
import { shorten } from './syntax.js';
import { ts } from './typescript.js';

/** The kind of database adapter in use. */
export type DatabaseKind = 'sqlite' | 'd1' | 'postgres' | 'vercel-postgres' | 'mongodb' | 'unknown';

/** The database adapter in use, as far as the config tells. */
export interface ProjectDatabase {
  kind: DatabaseKind;
  /** E.g. `@payloadcms/db-sqlite`. */
  packageName?: string;
  /** The value of `db`, shortened to one line. */
  expression?: string;
  location?: SourceLocation;
  /** All adapters that a condition chooses from, where there are several. */
  alternatives?: { kind: DatabaseKind; packageName: string }[];
  /** How ids are made where the adapter is told, e.g. `uuid`. */
  idType?: string;
  /** `push`, where the adapter is told. */
  push?: boolean;
  /** `migrationDir` where the adapter is told: as text, or `null` where it is computed. */
  migrationDir?: string | null;
}

const KINDS: Record<string, DatabaseKind> = {
  '@payloadcms/db-sqlite': 'sqlite',
  '@payloadcms/db-d1-sqlite': 'd1',
  '@payloadcms/db-postgres': 'postgres',
  '@payloadcms/db-vercel-postgres': 'vercel-postgres',
  '@payloadcms/db-mongodb': 'mongodb',
};

/** Finds the adapter behind the config's `db`. */
export function readDatabase(evaluator: Evaluator, config: ObjectValue): ProjectDatabase {
  const value = withoutThrows(evaluator.property(config, 'db', config.node));
  if (value.kind === 'primitive' || throws(value)) return { kind: 'unknown' };
  const calls = adapterCalls(value, 0);
  const found = {
    expression: shorten(value.node),
    location: evaluator.files.locate(value.node),
  };
  const packages = [...new Set(calls.map((call) => call.packageName))];
  const [first] = calls;
  if (!first || packages.length === 0) return { kind: 'unknown', ...found };
  const kinds = packages.map((packageName) => ({ kind: KINDS[packageName] ?? 'unknown', packageName }));
  const [only, ...others] = kinds;
  if (!only) return { kind: 'unknown', ...found };
  if (others.length > 0) return { kind: 'unknown', ...found, alternatives: kinds };
  const options = first.args?.[0]?.();
  const told = (name: string): unknown => {
    if (options?.kind !== 'object') return undefined;
    const value = evaluator.property(options, name, options.node);
    return value.kind === 'primitive' ? value.value : null;
  };
  const [idType, push, migrationDir] = [told('idType'), told('push'), told('migrationDir')];
  return {
    ...only,
    ...found,
    ...(typeof idType === 'string' ? { idType } : {}),
    ...(typeof push === 'boolean' ? { push } : {}),
    ...(typeof migrationDir === 'string' || migrationDir === null ? { migrationDir } : {}),
  };

  /** Calls of adapter packages: the value itself, the outcomes of a condition, what is wrapped by something else. */
  function adapterCalls(of: Value, depth: number): ExternalValue[] {
    if (depth > 4) return [];
    if (of.kind === 'choice') return of.options.flatMap((option) => adapterCalls(option, depth + 1));
    if (of.kind !== 'external' || !of.args) return [];
    if (KINDS[of.packageName]) return [of];
    return of.args.flatMap((arg) => adapterCalls(arg(), depth + 1));
  }
}

/** The adapter is what comes of it where nothing is thrown, for want of a variable say. */
function withoutThrows(value: Value): Value {
  if (value.kind !== 'choice') return value;
  const options = value.options.filter((option) => !throws(option));
  return options.length === 0 ? value.options[0]! : choice(value.node, options);
}

function throws({ kind, node }: Value): boolean {
  return kind === 'unresolved' && ts.isThrowStatement(node);
}

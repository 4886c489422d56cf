/**
 * The tables of a schema on SQLite or D1 are worked out once. drizzle-kit takes half a second to load, and as long again to
 * compare a schema with a database; hundreds of tests start a Payload with the same schema on an empty one. What is to
 * be executed it says itself, the first time, and that is what is executed each time.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Payload } from 'payload';

type Adapter = Payload['db'];

/** What drizzle-kit answers. */
interface Push {
  hasDataLoss: boolean;
  warnings: string[];
  statementsToExecute: string[];
  apply(): Promise<void>;
}

/** What an adapter for SQLite has beside what every adapter has. */
interface SQLite {
  name: string;
  payload: Payload;
  /** The tables as data, without functions: what Payload itself compares by. */
  rawTables?: Record<string, unknown>;
  afterSchemaInit?: unknown[];
  drizzle: { all(statement: string): Promise<unknown[]> };
  requireDrizzleKit?: () => { pushSchema(...args: unknown[]): Promise<Push> };
}

/** Known statements by schema, and by what the database has already. */
const known = new Map<string, string[]>();

/** Has an adapter for SQLite or D1 execute what drizzle-kit has said before; leaves every other as it is. */
export function pushedOnce<Base extends Adapter>(base: Base): Base {
  const adapter = base as unknown as SQLite;
  const { requireDrizzleKit } = adapter;
  if (!/sqlite/.test(adapter.name) || !requireDrizzleKit) return base;
  adapter.requireDrizzleKit = () => ({
    // Of the rest of drizzle-kit, which migrations want, nothing is loaded before it is asked for.
    get generateDrizzleJson() {
      return (requireDrizzleKit() as Record<string, unknown>).generateDrizzleJson;
    },
    get generateMigration() {
      return (requireDrizzleKit() as Record<string, unknown>).generateMigration;
    },
    pushSchema: (...args) => push(adapter, () => requireDrizzleKit().pushSchema(...args)),
  });
  return base;
}

async function push(adapter: SQLite, ask: () => Promise<Push>): Promise<Push> {
  const { drizzle, payload, rawTables } = adapter;
  // Hooks of the schema change tables that are no data any more.
  if (!rawTables || adapter.afterSchemaInit?.length) return ask();
  const { localization } = payload.config;
  const there = await drizzle.all(
    "select name, sql from sqlite_master where name not like '_cf_%' order by name",
  );
  const of = [
    adapter.name,
    process.env.PAYLOAD_DIRECTORY,
    localization ? localization.localeCodes : [],
    rawTables,
    there,
  ];
  const key = createHash('sha256').update(JSON.stringify(of)).digest('hex');
  const statements = known.get(key) ?? read(key);
  if (!statements) {
    const answer = await ask();
    if (!answer.hasDataLoss && answer.warnings.length === 0) keep(key, answer.statementsToExecute);
    return answer;
  }
  known.set(key, statements);
  return {
    hasDataLoss: false,
    warnings: [],
    statementsToExecute: statements,
    async apply() {
      for (const statement of statements) await drizzle.all(statement);
    },
  };
}

/** Where processes of one run of the tests tell each other; see build.ts. */
const { PUSHED_SCHEMAS } = process.env;

function read(key: string): string[] | undefined {
  if (!PUSHED_SCHEMAS) return undefined;
  try {
    return JSON.parse(readFileSync(path.join(PUSHED_SCHEMAS, key), 'utf8'));
  } catch {
    return undefined;
  }
}

function keep(key: string, statements: string[]): void {
  known.set(key, statements);
  if (!PUSHED_SCHEMAS) return;
  mkdirSync(PUSHED_SCHEMAS, { recursive: true });
  // Beside it first: another process may be reading.
  const own = path.join(PUSHED_SCHEMAS, `${key}-${process.pid}`);
  writeFileSync(own, JSON.stringify(statements));
  renameSync(own, path.join(PUSHED_SCHEMAS, key));
}

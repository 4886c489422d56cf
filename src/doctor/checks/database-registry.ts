import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type Check, fail, ok, warn } from '../check.js';

const TABLE = 'payload_kv_tags';

/** The table of the tag versions is made wherever the database is migrated. */
export const databaseRegistry: Check = {
  id: 'database-registry',
  title: 'Table of the tag versions',
  run({ project, wrapper, read, command }) {
    if (!wrapper?.registries.some(({ factory }) => factory === 'databaseRegistry')) return undefined;
    const { kind, migrationDir, push } = project.database;
    if (kind === 'mongodb') return ok('MongoDB makes the collection with the first write');
    if (migrationDir === null) {
      return warn('not checked: `migrationDir` of the database adapter is computed', {
        fix: `Look for ${TABLE} in the migrations; where none makes it: ${command('payload migrate:create')}`,
      });
    }
    const fix = `Run: ${command('payload migrate:create')}\nand where the site is deployed: ${command('payload migrate')}`;
    const directories = migrationDir ? [migrationDir] : ['src/migrations', 'dist/migrations', 'migrations'];
    const found = directories.map((directory) => ({
      directory,
      migrations: migrationsIn(path.resolve(project.root, directory)),
    }));
    const { directory, migrations } = found.find((each) => each.migrations.length > 0) ?? found[0]!;
    if (migrations.some((file) => read(path.join(directory, file))?.includes(TABLE))) {
      return ok(`a migration in ${directory} makes it`);
    }
    if (migrations.length > 0) return fail(`no migration in ${directory} makes ${TABLE}`, { fix });
    if (push === false)
      return fail(`nothing makes ${TABLE}: \`push\` is off, and there are no migrations`, { fix });
    return ok('pushed in development; there are no migrations yet');
  },
};

function migrationsIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((file) => /\.[cm]?[jt]s$/.test(file) && !/^index\./.test(file));
  } catch {
    return [];
  }
}

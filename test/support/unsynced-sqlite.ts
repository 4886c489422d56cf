/**
 * SQLite in a file waits for the disk at each commit, several times. Tests kill processes, not machines: what a power
 * failure would leave behind is not what they are about.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

interface Connection {
  prepare(sql: string): unknown;
  exec(sql: string): unknown;
}

const isUnsynced = Symbol.for('payload-kv.unsynced-sqlite');
const { PAYLOAD_DIRECTORY } = process.env;
const importer = PAYLOAD_DIRECTORY ? path.resolve(PAYLOAD_DIRECTORY, 'package.json') : import.meta.url;
const { prototype } = createRequire(importer)('libsql') as { prototype: Connection };

// Files that share a process come here once each.
if (!(isUnsynced in prototype)) {
  const { prepare } = prototype;
  const known = new WeakSet<Connection>();
  Object.assign(prototype, {
    [isUnsynced]: true,
    prepare(this: Connection, sql: string): unknown {
      if (!known.has(this)) {
        known.add(this);
        try {
          this.exec('pragma synchronous = off');
        } catch {
          // Another connection has the file at the moment.
          known.delete(this);
        }
      }
      return prepare.call(this, sql);
    },
  });
}

/**
 * SQLite in a file waits for the disk at each commit, several times. Tests kill processes, not machines: what a power
 * failure would leave behind is not what they are about.
 *
 * JavaScript, since Node loads it before anything that could compile it.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

const isUnsynced = Symbol.for('payload-kv.unsynced-sqlite');
const { PAYLOAD_DIRECTORY } = process.env;
const importer = PAYLOAD_DIRECTORY ? path.resolve(PAYLOAD_DIRECTORY, 'package.json') : import.meta.url;
const { prototype } = createRequire(importer)('libsql');

// Files that share a process come here once each.
if (!(isUnsynced in prototype)) {
  const { prepare } = prototype;
  const known = new WeakSet();
  Object.assign(prototype, {
    [isUnsynced]: true,
    prepare(sql) {
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

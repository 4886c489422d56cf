/**
 * A process that renames the author, comes to the place it is told, says so, and never goes on: to be killed there.
 * Arguments: database file, `sqlite` or `sqlite-transactions`, registry, place, new name.
 */
import { databaseRegistry, memory, memoryRegistry, payloadKV } from '../../src/runtime/index.js';
import { startBlog } from '../support/payload.js';
import '../support/unsynced-sqlite.mjs';
import { createGates, type Place } from './gates.js';

// The gate, not the clock, ends what goes on here.
delete process.env.PAYLOAD_KV_TIMEOUT;
const [url, db, kind, place, name] = process.argv.slice(2);
const gates = createGates();
// One whose versions are elsewhere: killed before the replacement has left the process, all of them are alike.
const elsewhere = { ...memoryRegistry(), local: false };
const site = await startBlog({
  url: String(url),
  db: db as 'sqlite' | 'sqlite-transactions',
  wrapAdapter: gates.wrapAdapter,
  plugins: [
    payloadKV({
      store: memory(),
      registry: gates.wrapRegistry(kind === 'database' ? databaseRegistry() : elsewhere),
      timeout: 600_000,
      writeTimeout: 600_000,
    }),
  ],
});
const { docs } = await site.payload.find({ collection: 'authors', limit: 1 });
const gate = gates.hold(place as Place);
void site.payload.update({ collection: 'authors', id: docs[0]?.id as number, data: { name: String(name) } });
await gate.reached;
process.stdout.write('at the gate\n');
setInterval(() => undefined, 60_000);

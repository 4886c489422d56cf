import { benchBulk } from './bulk.js';
import { benchCommands } from './commands.js';
import { benchEntries } from './entries.js';
import { benchEviction } from './eviction.js';
import { benchFunctions } from './functions.js';
import { benchGains } from './gains.js';
import { benchGainsWorker } from './gains-worker.js';
import { benchLookup, benchRoundTrips } from './lookup.js';
import { shortfalls } from './measure.js';
import { benchObserve } from './observe.js';
import { benchPeers } from './peers.js';
import { benchPrecision } from './precision.js';
import { benchProfile } from './profile.js';
import { benchQueries } from './queries.js';
import { benchResponses } from './responses.js';
import { benchScale } from './scale.js';
import { benchSite } from './site.js';
import { benchWorkerd } from './workerd.js';

const PARTS: Record<string, () => Promise<void>> = {
  lookup: benchLookup,
  peers: benchPeers,
  functions: benchFunctions,
  'round trips': benchRoundTrips,
  observe: benchObserve,
  scale: benchScale,
  site: benchSite,
  responses: benchResponses,
  gains: benchGains,
  profile: benchProfile,
  precision: benchPrecision,
  bulk: benchBulk,
  entries: benchEntries,
  eviction: benchEviction,
  queries: benchQueries,
  workerd: benchWorkerd,
  commands: benchCommands,
};

/** Take long by themselves: run where they are named. */
const NAMED: Record<string, () => Promise<void>> = { 'gains-worker': benchGainsWorker };

const wanted = process.argv.slice(2);
for (const [name, run] of Object.entries(wanted.length > 0 ? { ...PARTS, ...NAMED } : PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n${name}`);
  await run();
}
process.exitCode = shortfalls() > 0 ? 1 : 0;

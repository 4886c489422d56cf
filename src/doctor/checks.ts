import type { Check } from './check.js';
import { adminView } from './checks/admin-view.js';
import { auth } from './checks/auth.js';
import { bindingNames } from './checks/binding-names.js';
import { config } from './checks/config.js';
import { databaseRegistry } from './checks/database-registry.js';
import { durableObject } from './checks/durable-object.js';
import { generatedFiles } from './checks/generated-files.js';
import { generatedUnedited } from './checks/generated-unedited.js';
import { installed } from './checks/installed.js';
import { kvLimits } from './checks/kv-limits.js';
import { onePayload } from './checks/one-payload.js';
import { pages } from './checks/pages.js';
import { payloadOwnKV } from './checks/payload-own-kv.js';
import { pluginOrder } from './checks/plugin-order.js';
import { policy } from './checks/policy.js';
import { remoteBinding } from './checks/remote-binding.js';
import { remoteCredentials } from './checks/remote-credentials.js';
import { remoteDurableObject } from './checks/remote-durable-object.js';
import { remoteNamespace } from './checks/remote-namespace.js';
import { remoteRoundTrip } from './checks/remote-round-trip.js';
import { remoteSliceSets } from './checks/remote-slice-sets.js';
import { responses } from './checks/responses.js';
import { restNamespace } from './checks/rest-namespace.js';
import { restRoundTrip } from './checks/rest-round-trip.js';
import { restSliceSets } from './checks/rest-slice-sets.js';
import { roundTrip } from './checks/round-trip.js';
import { schemaInStep } from './checks/schema-in-step.js';
import { sliceSets } from './checks/slice-sets.js';
import { ttl } from './checks/ttl.js';
import { twoCaches } from './checks/two-caches.js';
import { versions } from './checks/versions.js';
import { wranglerBinding } from './checks/wrangler-binding.js';
import { wranglerConfig } from './checks/wrangler-config.js';

/** All checks, in the order in which they are shown: what others stand on comes first. */
export const checks: readonly Check[] = [
  versions,
  onePayload,
  installed,
  config,
  pluginOrder,
  twoCaches,
  generatedFiles,
  generatedUnedited,
  schemaInStep,
  policy,
  payloadOwnKV,
  auth,
  ttl,
  kvLimits,
  wranglerConfig,
  wranglerBinding,
  bindingNames,
  pages,
  responses,
  adminView,
  durableObject,
  databaseRegistry,
  roundTrip,
  sliceSets,
  remoteCredentials,
  remoteNamespace,
  remoteBinding,
  remoteDurableObject,
  remoteRoundTrip,
  remoteSliceSets,
  restNamespace,
  restRoundTrip,
  restSliceSets,
];

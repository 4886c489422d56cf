import { upgradeStep } from '../doctor/payload-upgrade.js';
import { PayloadKVError } from '../errors.js';
import { rangeIn } from '../inspect/manifest.js';
import { expectedPayload } from '../inspect/payload-version.js';
import { takesPeers } from '../inspect/peer-ranges.js';
import type { Project } from '../inspect/project.js';
import { inRange, isPrerelease, overlaps } from '../version.js';
import { supportedPayload } from './package-files.js';

/**
 * Throws `PAYLOAD_VERSION_UNSUPPORTED` where the project has, or would be installed with, a Payload that this package
 * does not work with, or a pre-release: npm would refuse to install the two side by side.
 */
export function requireSupportedPayload(project: Project): void {
  const supported = supportedPayload();
  const { packageManager, payloadVersion, root } = project;
  const { version, range } = expectedPayload(payloadVersion);
  const file = payloadVersion.through?.file ?? 'package.json';
  const isSupported =
    version !== undefined
      ? inRange(version, supported)
      : range === undefined || overlaps(range, supported) !== false;
  if (!isSupported) {
    throw new PayloadKVError({
      code: 'PAYLOAD_VERSION_UNSUPPORTED',
      message: `Payload ${version ?? range} is none that this package works with (${supported}). Nothing was written.`,
      location: { file },
      nextStep: upgradeStep(project),
    });
  }
  if (version === undefined || !isPrerelease(version)) return;
  // Where the dependency is there, npm has been told.
  if (packageManager !== 'npm' || rangeIn(project.packageJson, 'payload-kv') !== undefined) return;
  if (takesPeers(root, 'payload-kv', 'payload')) return;
  throw new PayloadKVError({
    code: 'PAYLOAD_VERSION_UNSUPPORTED',
    message: `Payload ${version} is a pre-release, and npm installs none beside a package that asks for ${supported}. Nothing was written.`,
    location: { file },
    nextStep:
      'Add `"overrides": { "payload-kv": { "payload": "$payload" } }` to the package.json of the workspace and run the command again. payload-kv is not tested with pre-releases.',
  });
}

/** What is said of a Payload whose version could not be read, before anything is written. */
export function unreadPayloadNotice({ payloadVersion: { unread } }: Project): string[] {
  if (unread === undefined) return [];
  return [
    `Which Payload an installation brings could not be read: ${unread}. See that it is one of ${supportedPayload()}.`,
  ];
}

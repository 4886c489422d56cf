import { upgradeStep } from '../doctor/payload-upgrade.js';
import { PayloadKVError } from '../errors.js';
import { plainRange } from '../inspect/payload-version.js';
import type { Project } from '../inspect/project.js';
import { inRange, liesBelow, satisfies } from '../version.js';
import { supportedPayload } from './package-files.js';

/**
 * Throws `PAYLOAD_VERSION_UNSUPPORTED` where the project has, or would be installed with, a Payload that this package
 * does not work with: npm would refuse to install the two side by side.
 */
export function requireSupportedPayload(project: Project): void {
  const supported = supportedPayload();
  const { installed, declared, through } = project.payloadVersion;
  const range = plainRange(declared);
  // What is declared is what an installation brings, unless what is there does as well.
  const stays = installed !== undefined && (range === undefined || (satisfies(installed, range) ?? true));
  if (stays ? inRange(installed, supported) : range === undefined || !liesBelow(range, supported)) return;
  throw new PayloadKVError({
    code: 'PAYLOAD_VERSION_UNSUPPORTED',
    message: `Payload ${stays ? installed : range} is none that this package works with (${supported}). Nothing was written.`,
    location: { file: through?.file ?? 'package.json' },
    nextStep: upgradeStep(project),
  });
}

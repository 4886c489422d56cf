import { type Check, fail, ok } from '../check.js';
import { inRange } from '../version.js';

/** Payload and Node are versions that this package was tested with. */
export const versions: Check = {
  id: 'versions',
  title: 'Versions of Payload and Node',
  run({ nodeVersion, project, supported, command }) {
    if (!inRange(nodeVersion, supported.node)) {
      return fail(`Node ${nodeVersion} is not supported (${supported.node})`, {
        fix: `Install a Node ${supported.node}, for example the current LTS release, and run doctor with it.`,
      });
    }
    const { installed, declared } = project.payloadVersion;
    if (!installed) {
      return fail(`payload${declared ? ` ${declared}` : ''} is not installed`, {
        fix: `Run: ${project.packageManager} install`,
      });
    }
    if (!inRange(installed, supported.payload)) {
      const newer = inRange(installed, `>=${supported.payload.split('<')[1]}`);
      return fail(`Payload ${installed} is not supported (${supported.payload})`, {
        fix: newer
          ? 'Look for a newer payload-kv that supports it, or stay with Payload 3.'
          : `Update payload and every @payloadcms package to the same newer version, then see: ${command('payload info')}`,
      });
    }
    return ok(`Payload ${installed}, Node ${nodeVersion}`);
  },
};

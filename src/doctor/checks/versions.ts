import { inRange } from '../../version.js';
import { type Check, fail, ok } from '../check.js';
import { upgradeStep } from '../payload-upgrade.js';

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
          ? 'Payload 4 is not supported yet: look for a newer payload-kv that does, or stay with Payload 3.'
          : `${upgradeStep(project)}\nThen see: ${command('payload info')}`,
      });
    }
    return ok(`Payload ${installed}, Node ${nodeVersion}`);
  },
};

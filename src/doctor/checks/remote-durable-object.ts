import { atEachPlace, deployAgain, NEVER_DEPLOYED, objectRegistry, objectsOf } from '../at-each-place.js';
import type { Check } from '../check.js';

/** The deployed Worker has the Durable Objects of the tag versions. */
export const remoteDurableObject: Check = {
  id: 'remote-durable-object',
  title: 'Durable Objects of the deployed Worker',
  run: (context) =>
    atEachPlace(context, 'durable object', 'warn', async (place, _namespaces, { remote }) => {
      const binding = objectRegistry(context)!.binding!;
      const versions = await remote.deployed(place.env);
      if (!versions) return NEVER_DEPLOYED;
      const className = objectsOf(place, binding)?.className;
      const fix = deployAgain(place.env);
      for (const bindings of versions) {
        const found = bindings.find(({ name }) => name === binding);
        if (!found) return { status: 'fail', text: `the deployed Worker has no ${binding}`, fix };
        if (found.type !== 'durable_object_namespace') {
          return { status: 'fail', text: `${binding} is of the type ${found.type} there`, fix };
        }
        if (className !== undefined && found.className !== undefined && found.className !== className) {
          return {
            status: 'fail',
            text: `${binding} is of the class ${found.className} there, of ${className} in the config`,
            fix,
          };
        }
      }
      return { status: 'ok', text: `${binding}${className ? ` of the class ${className}` : ''}` };
    }),
};

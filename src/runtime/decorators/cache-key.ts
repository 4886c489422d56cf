/** Marks the parameters that a key is made of. */
import { PayloadKVError } from '../../errors.js';
import { mark } from './decorator.js';

/**
 * Marks a parameter: the key of its method is then the marked parameters, in their order, and no other. Only with
 * TypeScript's `experimentalDecorators`: the decorators of the language have none for parameters.
 *
 * @throws PayloadKVError `INVALID_DECORATOR` on anything but the parameter of a method
 */
export function CacheKey(): (target: object, name: string | symbol | undefined, position: number) => void {
  return (target, name, position) => {
    if (typeof position !== 'number' || name === undefined || typeof name === 'object') {
      throw new PayloadKVError({
        code: 'INVALID_DECORATOR',
        message: '@CacheKey() marks a parameter of a method, and nothing else.',
        nextStep: "Without parameter decorators, name the parameter in the key: key: '#{0}'.",
      });
    }
    mark(target, name, position);
  };
}

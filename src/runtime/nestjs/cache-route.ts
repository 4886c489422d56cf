/** Has the answers of routes kept. */
import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { CacheInterceptor } from './cache-interceptor.js';
import { type CacheRouteOptions, checkRoute, ROUTE } from './route-options.js';

/**
 * Has the answers of a method kept, or of all of a controller's that read; what a method says goes over what its
 * controller says. `false`: those of this method are not.
 *
 * A request that carries credentials is answered from the cache only where `vary` or `shared` says whose an answer is.
 *
 * @throws PayloadKVError `INVALID_ROUTE` or `INVALID_DURATION`
 */
export function CacheRoute(options: CacheRouteOptions | false = {}): MethodDecorator & ClassDecorator {
  if (options === false) return SetMetadata(ROUTE, false);
  checkRoute(options);
  return applyDecorators(SetMetadata(ROUTE, options), UseInterceptors(CacheInterceptor));
}

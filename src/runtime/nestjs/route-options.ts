/** What is said of a route whose answers are kept. */
import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { type Duration, parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { CachedOptions, DependencyTarget } from '../functions/context.js';

/** What Nest's adapters for Express and for Fastify show of a request. */
export interface RouteRequest {
  method: string;
  url: string;
  originalUrl?: string;
  headers: Record<string, string | string[] | undefined>;
  hostname?: string;
  protocol?: string;
  user?: unknown;
  [name: string]: any;
}

type VaryAnswer = readonly unknown[] | undefined;

/** How the answers of a route are kept. */
export interface CacheRouteOptions {
  /** How long an answer may be served. Default: the namespace's, or the cache's. */
  ttl?: Duration;
  /** Overrides that of the cache. */
  swr?: Duration | false;
  /** Overrides that of the cache. It is for errors of status 500 and above: others are answers. */
  staleIfError?: Duration | false;
  /** As that of functions: one of all processes makes an answer, while the others wait. Default: the namespace's, or `false`. */
  lock?: CachedOptions['lock'];
  /** As that of functions: an answer is made again shortly before it expires. Default: the namespace's, or `false`. */
  earlyRefresh?: CachedOptions['earlyRefresh'];
  /** Sets answers apart, and can be made stale as a whole. Default `'nest routes'`. */
  namespace?: string;
  /** The name of the cache. Default `'default'`. */
  cache?: string;
  /**
   * What makes the answers stale beside what the handler reads: names of the application's own
   * (`cache.invalidate({ tags })`), collections, documents, globals. Default none.
   */
  tags?: readonly DependencyTarget[] | ((request: any) => readonly DependencyTarget[]);
  /**
   * Tells people apart: all that the answer may depend on of whoever asks, such as their id, role and tenant. Requests
   * for which it returns the same get the same answer. `undefined`: this request is not answered from the cache. It is
   * asked after the guards.
   */
  vary?: (request: any, context: ExecutionContext) => VaryAnswer | Promise<VaryAnswer>;
  /** Says that the answer is everybody's, whoever asks. Default `false`. */
  shared?: boolean;
  /** Headers that the answer depends on, such as `'accept-language'`: part of the key. Default none. */
  headers?: readonly string[];
  /** Cookies that make no difference; one that ends in `*` stands for all that begin so. Default none. */
  harmlessCookies?: readonly string[];
  /** Headers that sign somebody in, beside those that are known. Default none. */
  credentialHeaders?: readonly string[];
}

/** What a controller and its method say, checked. */
export interface Route extends CacheRouteOptions {
  headers: readonly string[];
}

/** Whether it is said whose the answers are. */
export const isToldApart = ({ vary, shared }: Route): boolean => vary !== undefined || shared === true;

/** Where it stands on a controller or a method. */
export const ROUTE = 'payload-kv:route';

const routes = new WeakMap<object, WeakMap<object, Route | null>>();

/** What is said of the handler, over what is said of its controller; `undefined` where its answers are not kept. */
export function routeOf(context: ExecutionContext, reflector: Reflector): Route | undefined {
  const [controller, handler] = [context.getClass(), context.getHandler()];
  const known = routes.get(controller)?.get(handler);
  if (known !== undefined) return known ?? undefined;
  const general = reflector.get<CacheRouteOptions | false | undefined>(ROUTE, controller);
  const own = reflector.get<CacheRouteOptions | false | undefined>(ROUTE, handler);
  const isKept = own !== false && (own ?? general);
  const said = { ...(general || {}), ...(own || {}) };
  const route = isKept ? { ...said, headers: (said.headers ?? []).map((name) => name.toLowerCase()) } : null;
  const ofController = routes.get(controller) ?? new WeakMap<object, Route | null>();
  routes.set(controller, ofController.set(handler, route));
  return route ?? undefined;
}

/** @throws PayloadKVError `INVALID_ROUTE` or `INVALID_DURATION` */
export function checkRoute(options: CacheRouteOptions): void {
  const { ttl, swr, staleIfError, vary, shared } = options;
  if (ttl !== undefined) parseDuration(ttl, 'ttl');
  if (swr) parseDuration(swr, 'swr');
  if (staleIfError) parseDuration(staleIfError, 'staleIfError');
  if (vary && shared) {
    throw new PayloadKVError({
      code: 'INVALID_ROUTE',
      message: "@CacheRoute() is told both that the answer is everybody's and how people are told apart.",
      nextStep: 'Leave out shared, or vary.',
    });
  }
}

/** Answers requests to routes from a cache, as functions are answered. */
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { askedBy } from './asked-route.js';
import { findCache } from './find-cache.js';
import { isGivenRequest } from './given-request.js';
import { answersItself } from './handler.js';
import { isToldApart, type Route, type RouteRequest, routeOf } from './route-options.js';
import { watchRequest } from './watched-request.js';

/** The namespace of routes that name none. */
export const ROUTES = 'nest routes';

/** What a handler came to: a value, or an answer that it has thrown. */
type Outcome = { value: unknown } | { thrown: unknown };

/**
 * Keeps what routes answer that have `@CacheRoute()`. Nothing is to be done for it with those; given to the application
 * as `APP_INTERCEPTOR` as well, it is around all other interceptors, and keeps what those have made of an answer.
 *
 * Guards have run before. Anything but HTTP passes through.
 */
export class CacheInterceptor implements NestInterceptor {
  readonly #reflector: Reflector;
  readonly #modules: ModuleRef;

  constructor(reflector: Reflector, modules: ModuleRef) {
    this.#reflector = reflector;
    this.#modules = modules;
  }

  /** Answers a route from the cache, or has its handler answer. Called by Nest. */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http' || underCache.has(context)) return next.handle();
    const route = routeOf(context, this.#reflector);
    if (!route || answersItself(context)) return next.handle();
    underCache.add(context);
    if (!isToldApart(route) && isGivenRequest(context.getClass(), this.#modules)) {
      warn(context, 'its controller, or what that is given, is given the request');
      return next.handle();
    }
    const request = context.switchToHttp().getRequest<RouteRequest>();
    const key = await askedBy(request, route, context);
    if (!key) return next.handle();
    const { ttl, swr, staleIfError, lock, earlyRefresh, namespace = ROUTES, tags = [] } = route;
    let handling: Handling | undefined;
    const result = await findCache(this.#modules, route.cache).cached(
      (run) => {
        for (const tag of typeof tags === 'function' ? tags(request) : tags) run.tag(tag);
        handling = handle(context, route, next, () => run.discard());
        return handling.outcome;
      },
      {
        key,
        namespace,
        shared: route.shared === true || route.vary !== undefined,
        ...(ttl !== undefined && { ttl }),
        ...(swr !== undefined && { swr }),
        ...(staleIfError !== undefined && { staleIfError }),
        ...(lock !== undefined && { lock }),
        ...(earlyRefresh !== undefined && { earlyRefresh }),
      },
    );
    // An old answer: the handler runs on.
    handling?.answered();
    if ('thrown' in result) throw result.thrown;
    return of(result.value);
  }
}

Inject(Reflector)(CacheInterceptor, undefined, 0);
Inject(ModuleRef)(CacheInterceptor, undefined, 1);
Injectable()(CacheInterceptor);

/** Calls of handlers that a cache is around already. */
const underCache = new WeakSet<ExecutionContext>();

/** A run of a handler. */
interface Handling {
  outcome: Promise<Outcome>;
  /** Says that the response is about to be sent, whatever the handler does. */
  answered(): void;
}

/** Runs the handler. What it came to is not kept where it depends on more than its key, or is more than a value. */
function handle(context: ExecutionContext, route: Route, next: CallHandler, discard: () => void): Handling {
  const http = context.switchToHttp();
  const response = http.getResponse<ResponseState>();
  const watch = watchRequest(http.getRequest<RouteRequest>(), response, route);
  const before = stateOf(response);
  let answered: string | undefined;

  /** What is sent meanwhile, and its headers, are not the handler's: it could set none any more. */
  const hasChanged = (): boolean => (answered ?? stateOf(response)) !== before;

  async function outcome(): Promise<Outcome> {
    try {
      return { value: await lastValueFrom(next.handle(), { defaultValue: undefined }) };
    } catch (error) {
      // Not found, or not allowed, is an answer: nothing old stands in for it.
      if (statusOf(error) >= 500) throw error;
      discard();
      return { thrown: error };
    } finally {
      const read = watch.end();
      const why =
        read !== undefined
          ? `it reads ${read}, which its key does not hold`
          : hasChanged() && 'it sets headers or the status of its response itself';
      if (why) {
        discard();
        warn(context, why);
      }
    }
  }
  return {
    outcome: watch.run(outcome),
    answered() {
      answered = stateOf(response);
      watch.answered();
    },
  };
}

const told = new WeakSet<object>();

/** Says why what a handler answers is not kept, once for each. */
function warn(context: ExecutionContext, why: string): void {
  const handler = context.getHandler();
  if (told.has(handler) || process.env.NODE_ENV === 'production') return;
  told.add(handler);
  Logger.warn(
    `What ${context.getClass().name}.${handler.name} answers is not kept, since ${why}.`,
    CacheInterceptor.name,
  );
}

/** What a handler may change of its response beside what it returns. */
interface ResponseState {
  statusCode?: unknown;
  statusMessage?: unknown;
  getHeaders?(): object;
  headersSent?: unknown;
  sent?: unknown;
}

function stateOf(response: ResponseState): string {
  const { statusCode, statusMessage, headersSent, sent } = response;
  return JSON.stringify([
    statusCode,
    statusMessage,
    headersSent,
    sent,
    response.getHeaders?.(),
    setLater(response),
  ]);
}

/** What plugins of Fastify set when an answer is sent, such as cookies: they keep it under symbols until then. */
function setLater(response: ResponseState): unknown[] {
  return Object.getOwnPropertySymbols(response)
    .map((symbol) => (response as Record<symbol, unknown>)[symbol])
    .flatMap((value) => (value instanceof Map ? [[...value]] : []));
}

function statusOf(error: unknown): number {
  const { getStatus } = (error ?? {}) as { getStatus?: unknown };
  const status: unknown = typeof getStatus === 'function' ? getStatus.call(error) : undefined;
  return typeof status === 'number' ? status : 500;
}

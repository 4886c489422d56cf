/** What `init` does for the responses of a Next site: Payload's routes wrapped, or as they were. */
import type { CodeStyle } from '../../inspect/code-style.js';
import { generatedPaths } from '../generated-paths.js';
import type { TransformResult } from '../plan.js';
import { hasHandler, isWrapped, wrapHandler } from '../responses/route-edit.js';
import { GRAPHQL, isRouteFile, REST, ROUTES_MODULE } from '../responses/route-file.js';
import { namesResponses, stillWrapped, unwrapRoute } from '../responses/route-undo.js';
import { EMPTY_LEDGER, readLedger } from '../schema/ledger.js';
import type { InitInput } from './init-input.js';
import type { Collector } from './plan-collector.js';

/** The word by which the files are found that may hold Payload's routes. */
export const ROUTE_WORDS = [ROUTES_MODULE] as const;

/** The route files among texts by path, those of which a handler can be wrapped or is. */
export function payloadRoutes(texts: Readonly<Record<string, string>>): string[] {
  return Object.keys(texts)
    .filter((path) => isRouteFile(path) && [REST, GRAPHQL].some((it) => hasHandler(texts[path]!, path, it)))
    .sort();
}

/** Whether the REST route of the site is wrapped, or another of its routes. */
export function hasWrappedRoute(texts: Readonly<Record<string, string>>): boolean {
  return payloadRoutes(texts).some((path) => [REST, GRAPHQL].some((it) => isWrapped(texts[path]!, path, it)));
}

/** Wraps Payload's handlers, or takes the cache out of them again. */
export function wireResponses(input: InitInput, collect: Collector): void {
  const { responses, routes = {} } = input;
  if (responses === true) wrapRoutes(input, routes, collect);
  if (responses === false) unwrapRoutes(input, routes, collect);
}

function wrapRoutes(
  { project: { packageJson, style } }: InitInput,
  routes: Readonly<Record<string, string>>,
  collect: Collector,
): void {
  const dependencies = packageJson.dependencies as Record<string, unknown> | undefined;
  const hasGraphQL = dependencies?.graphql !== undefined;
  for (const path of payloadRoutes(routes)) {
    const text = routes[path]!;
    const needsGraphQL = hasHandler(text, path, GRAPHQL) && !isWrapped(text, path, GRAPHQL);
    if (needsGraphQL && !hasGraphQL) {
      collect.notice(
        `${path} stays: package.json has no dependency \`graphql\`, which reads the queries. Add the version that Payload has, and run \`payload-kv init --responses\` again.`,
      );
    }
    collect.editInSteps(path, text, [
      step(path, REST, style),
      ...(needsGraphQL && hasGraphQL ? [step(path, GRAPHQL, style)] : []),
    ]);
  }
}

function step(path: string, handler: typeof REST, style: CodeStyle): (content: string) => TransformResult {
  return (content) => wrapHandler(content, path, handler, style);
}

function unwrapRoutes(
  { project, files }: InitInput,
  routes: Readonly<Record<string, string>>,
  collect: Collector,
): void {
  const { edits } = readLedger(files[generatedPaths(project).schema]) ?? EMPTY_LEDGER;
  for (const [path, text] of Object.entries(routes)) {
    if (!namesResponses(text, path)) continue;
    const content = unwrapRoute(text, path, edits[path] ?? []);
    collect.edit(path, text, { ok: true, content, modified: content !== text });
    const left = stillWrapped(content, path);
    if (left) collect.refuse(left);
  }
}

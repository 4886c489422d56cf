/**
 * What other answers leave behind: a binding that the cache no longer reads, the client of a store that is none any
 * more. What `init` itself put in and nothing else uses goes again; the rest is told.
 */

import type { Project } from '../../inspect/project.js';
import type { WrapperShape } from '../../inspect/wrapper/shape.js';
import { importsIn } from '../../inspect/written-imports.js';
import { TAGS_CLASS } from '../answers.js';
import { withoutPackages } from '../package-json-edit.js';
import type { TransformResult } from '../plan.js';
import type { Ledger } from '../schema/ledger.js';
import { countPutIn } from '../text/hunks.js';
import { idsOf, type NamespaceIds } from '../wrangler/wrangler-edit.js';
import { declares } from '../wrangler/wrangler-types.js';
import { declarationsOf, escaped, unbind } from '../wrangler/wrangler-unbind.js';

/** What the cache used and uses no longer. */
export interface Leftovers {
  /** Binding of the KV namespace. */
  entries?: string;
  /** Binding of the Durable Objects. */
  tags?: string;
  /** The client that `redis()` opens by itself. */
  redis?: true;
  /** The parameter of `cache`. */
  env?: true;
}

/** The client that `redis()` opens by itself, in the range that `init` asks for. */
export const REDIS_CLIENT = { ioredis: '^6.0.0' };

/** What is left behind between two wrappers. */
export function leftoversOf(before: WrapperShape | undefined, after: WrapperShape | undefined): Leftovers {
  if (!before || !after) return {};
  const { entries, tags, redis } = usedBy(before);
  const now = usedBy(after);
  return {
    ...(entries !== undefined && entries !== now.entries ? { entries } : {}),
    ...(tags !== undefined && tags !== now.tags ? { tags } : {}),
    ...(redis && !now.redis ? { redis } : {}),
    ...(before.takesEnv && after.takesEnv && readsEnv(before) && !readsEnv(after) ? { env: true } : {}),
  };
}

/** Whether the store or the registry is one that is given the env. */
function readsEnv({ store, registry }: WrapperShape): boolean {
  return store === 'cloudflareKV' || registry === 'durableObjectRegistry';
}

function usedBy({ store, binding, registry, tagsBinding }: WrapperShape): Leftovers {
  const redis = store === 'redis' || registry === 'redisRegistry';
  return {
    ...(store === 'cloudflareKV' && binding !== undefined ? { entries: binding } : {}),
    ...(registry === 'durableObjectRegistry' && tagsBinding !== undefined ? { tags: tagsBinding } : {}),
    ...(redis ? { redis } : {}),
  };
}

/** The words by which files are found that may use what is left behind. */
export function wordsOf({ entries, redis }: Leftovers): string[] {
  return [...(entries === undefined ? [] : [entries]), ...(redis ? ['ioredis'] : [])];
}

/** What is to be judged. */
export interface LeftoverInput {
  project: Project;
  leftovers: Leftovers;
  /** The binding that the cache reads from now on, where it reads one. */
  renamedTo?: string;
  /** What `init` has put in. */
  ledger: Ledger;
  /** Texts of the source files that mention one of {@link wordsOf}, the wrapper as it is to be. */
  sources: Readonly<Record<string, string>>;
}

/** What goes and what is said. */
export interface LeftoverPlan {
  /** Takes the binding out of the wrangler config. */
  unbind?: (content: string) => TransformResult;
  /** Ids of namespaces that the new binding takes over, by place. */
  ids?: NamespaceIds;
  /** The binding whose type goes. */
  undeclared?: string;
  /** Takes the binding's type out of the types of the env. */
  undeclare?: (content: string) => TransformResult;
  /** Takes the client out of `package.json`. */
  uninstall?: (content: string) => TransformResult;
  notices: string[];
}

/** What becomes of what is left behind. */
export function planLeftovers(input: LeftoverInput): LeftoverPlan {
  const { leftovers, project } = input;
  const plan: LeftoverPlan = { notices: [] };
  if (leftovers.entries !== undefined) planEntries(input, leftovers.entries, plan);
  if (leftovers.tags !== undefined && project.wrangler?.content.includes(leftovers.tags)) {
    plan.notices.push(
      `${project.wrangler.path} still binds ${leftovers.tags}, and the main module still exports ${TAGS_CLASS}. They stay: a deployed Worker loses the class only by one more migration, { "tag": …, "deleted_classes": ["${TAGS_CLASS}"] }, with which binding and export go as well. Where it was never deployed, take out all three.`,
    );
  }
  if (leftovers.env) {
    plan.notices.push(
      '`cache` still takes the Cloudflare env, which nothing in it reads any more: take the parameter out, there and in the config, or leave it for another time.',
    );
  }
  if (leftovers.redis) planRedis(input, plan);
  return plan;
}

function planEntries(
  { project, ledger, sources, renamedTo }: LeftoverInput,
  binding: string,
  plan: LeftoverPlan,
): void {
  const { wrangler, cloudflareEnvTypes } = project;
  if (!wrangler || declarationsOf(wrangler.content, binding) === 0) return;
  const user = Object.keys(sources).find(
    (path) => !/\.d\.[cm]?ts$/.test(path) && mentions(sources[path]!, binding),
  );
  const why =
    user !== undefined
      ? `${user} names it`
      : declarationsOf(wrangler.content, binding) >
          timesPutInto(ledger, wrangler.path, (text) => declarationsOf(text, binding))
        ? 'it was there before the cache was'
        : undefined;
  const text =
    why === undefined
      ? unbind(wrangler.content, wrangler.format, { entries: binding, mains: [] })
      : undefined;
  if (text === undefined || text === wrangler.content) {
    plan.notices.push(
      `${wrangler.path} still binds ${binding}${why === undefined ? '' : ` (${why})`}: take it out if nothing else uses it.`,
    );
    return;
  }
  plan.unbind = (content) => {
    const without = unbind(content, wrangler.format, { entries: binding, mains: [] }) ?? content;
    return { ok: true, content: without, modified: without !== content };
  };
  const known = idsOf(wrangler, binding);
  const ids = Object.values(known);
  // Another name for what is bound: the namespace stays the same, unless the name has one already.
  if (renamedTo !== undefined && declarationsOf(wrangler.content, renamedTo) === 0) plan.ids = known;
  else if (ids.length > 0) {
    plan.notices.push(
      `The KV namespace ${[...new Set(ids)].join(' and ')}, bound as ${binding} until now, stays at Cloudflare with its entries: \`wrangler kv namespace delete\` removes it.`,
    );
  }
  if (cloudflareEnvTypes === undefined) return;
  const declarationsIn = (text: string) => text.split('\n').filter((line) => declares(line, binding)).length;
  if (timesPutInto(ledger, cloudflareEnvTypes, declarationsIn) === 0) return;
  plan.undeclared = binding;
  plan.undeclare = (text) => {
    const lines = text.split('\n').filter((line) => !declares(line, binding));
    const content = lines.join('\n');
    return { ok: true, content, modified: content !== text };
  };
}

function planRedis({ ledger, sources }: LeftoverInput, plan: LeftoverPlan): void {
  const [name] = Object.keys(REDIS_CLIENT) as [string];
  if (timesPutInto(ledger, 'package.json', (text) => text.split(`"${name}"`).length - 1) === 0) return;
  const isUsed = Object.values(sources).some((text) =>
    importsIn(text).some(({ specifier }) => specifier === name || specifier.startsWith(`${name}/`)),
  );
  if (isUsed) return;
  plan.uninstall = (content) => {
    const without = withoutPackages(content, [name]);
    return { ok: true, content: without, modified: without !== content };
  };
}

function timesPutInto({ edits }: Ledger, path: string, count: (text: string) => number): number {
  return countPutIn(edits[path] ?? [], count);
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w$])${escaped(name)}(?![\\w$])`).test(text);
}

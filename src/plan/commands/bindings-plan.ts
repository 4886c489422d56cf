/** What the cache needs of the deployment, as a part of the plan of `init`: bindings, their types, the exported class. */
import type { WranglerConfig } from '../../inspect/wrangler.js';
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import type { WrapperShape } from '../../inspect/wrapper/shape.js';
import type { Answers } from '../answers.js';
import { generatedPaths } from '../generated-paths.js';
import { declareBinding } from '../wrangler/env-types-edit.js';
import { isCachedLocally } from '../wrangler/remote-database.js';
import { exportTagsClass, type WorkerEntryEdit } from '../wrangler/worker-entry.js';
import { bindDurableObject } from '../wrangler/wrangler-durable-object.js';
import {
  bindKVNamespace,
  idsOf,
  type NamespaceIds,
  type Place,
  placesWithoutNamespace,
  placesWithPlaceholder,
} from '../wrangler/wrangler-edit.js';
import { declaresAll, takeTypes } from '../wrangler/wrangler-types.js';
import { changeAnswers } from '../wrapper/wrapper-edit.js';
import { type InitInput, isTyped } from './init-input.js';
import type { LeftoverPlan } from './leftovers.js';
import { type Collector, unchanged } from './plan-collector.js';

/** The names of what the wrangler config must declare. */
export interface Bindings {
  /** The KV namespace of the entries. */
  entries?: string;
  /** The Durable Objects of the tag versions. */
  tags?: string;
}

/** The bindings that answers ask for. */
export function bindingsOf({ store, binding, registry, tagsBinding }: Answers): Bindings {
  return {
    ...(store === 'cloudflare-kv' ? { entries: binding } : {}),
    ...(registry === 'durable-object' ? { tags: tagsBinding } : {}),
  };
}

/** The bindings that a wrapper asks for. */
export function bindingsIn(shape: WrapperShape | undefined): Bindings {
  return {
    ...(shape?.store === 'cloudflareKV' ? { entries: shape.binding } : {}),
    ...(shape?.registry === 'durableObjectRegistry' ? { tags: shape.tagsBinding } : {}),
  };
}

/** The environments for which a KV namespace has to be created, and how it is bound; none where it is bound already. */
export function namespacesToCreate(input: InitInput): { binding: string; places: Place[] } | undefined {
  const { project, files, answers, changes } = input;
  const paths = generatedPaths(project);
  const before = files[paths.wrapper];
  const text = before && changes ? changeAnswers(before, paths.wrapper, changes, project.style).text : before;
  const { entries } = answers
    ? bindingsOf(answers)
    : bindingsIn(text === undefined ? undefined : readWrapper(text, paths.wrapper).shape);
  if (entries === undefined || !project.wrangler) return undefined;
  const old = before === undefined ? undefined : readWrapper(before, paths.wrapper).shape?.binding;
  const carried = changes && old !== undefined ? idsOf(project.wrangler, old) : {};
  const places = [
    ...placesWithoutNamespace(project.wrangler, entries).filter((place) => !((place ?? '') in carried)),
    ...placesWithPlaceholder(project.wrangler, entries),
  ];
  return places.length > 0 ? { binding: entries, places } : undefined;
}

/** Binds what the cache needs, in the wrangler config and in the types of the env, and takes out what it needs no longer. */
export function bind(
  input: InitInput,
  bindings: Bindings,
  leftovers: LeftoverPlan,
  collect: Collector,
): void {
  const { entries, tags } = bindings;
  if (entries === undefined && tags === undefined && !leftovers.unbind) return;
  const { wrangler } = input.project;
  if (wrangler) bindIn(wrangler, input, bindings, leftovers, collect);
  else {
    const what = [
      ...(entries === undefined ? [] : [`a KV namespace as ${entries}`]),
      ...(tags === undefined ? [] : [`Durable Objects as ${tags}`]),
    ];
    collect.notice(
      `There is no wrangler config beside the project: bind ${what.join(' and ')} where it is deployed.`,
    );
  }
  declareTypes(input, bindings, leftovers, collect);
}

function bindIn(
  wrangler: WranglerConfig,
  input: InitInput,
  { entries, tags }: Bindings,
  leftovers: LeftoverPlan,
  collect: Collector,
): void {
  const provisions = input.wranglerProvisions;
  const ids: NamespaceIds = { ...leftovers.ids, ...input.namespaceIds };
  for (const warning of wrangler.warnings) collect.notice(warning);
  if (entries !== undefined) {
    const places = placesWithoutNamespace(wrangler, entries).filter((place) => !((place ?? '') in ids));
    if (places.length > 0 && !provisions) collect.notice(createByHand(wrangler, entries, places));
    if (isCachedLocally(wrangler, entries)) {
      collect.notice(
        `The D1 database in ${wrangler.path} is \`remote\`, ${entries} is not: builds and scripts that use the deployed database would use a local cache beside it. Run them with PAYLOAD_KV_ENABLED=false, or make ${entries} \`remote\` as well once the namespace is there.`,
      );
    }
  }
  const entryEdits = tags === undefined ? [] : exportTags(input, wrangler, collect);
  const mains = entryEdits.flatMap(({ main, newMain, result }) =>
    result.ok && main !== undefined && newMain !== undefined ? [{ from: main, to: newMain }] : [],
  );
  collect.editInSteps(wrangler.path, wrangler.content, [
    (content) =>
      entries === undefined
        ? unchanged(content)
        : bindKVNamespace({ wrangler: { ...wrangler, content }, binding: entries, provisions, ids }),
    (content) =>
      tags === undefined
        ? unchanged(content)
        : bindDurableObject({ wrangler: { ...wrangler, content }, binding: tags, mains }),
    leftovers.unbind ?? unchanged,
  ]);
}

/** How a person creates the namespaces that the installed wrangler does not create by itself. */
function createByHand({ path }: WranglerConfig, binding: string, places: readonly Place[]): string {
  const where = places.map((place) => (place === undefined ? '' : ` --env ${place}`));
  const commands = where.map((env) => `\`npx wrangler kv namespace create ${binding}${env}\``);
  return `The installed wrangler creates no namespace by itself. Write the id of ${commands.join(' and ')} into ${path}; until then doctor reports it.`;
}

/** Declares the bindings in the types of the env: as wrangler writes them, or by hand. */
function declareTypes(
  input: InitInput,
  bindings: Bindings,
  leftovers: LeftoverPlan,
  collect: Collector,
): void {
  const { entries, tags } = bindings;
  const path = input.project.cloudflareEnvTypes;
  const before = path === undefined ? undefined : input.files[path];
  if (path === undefined || before === undefined) return;
  const written = byWrangler(input, before, bindings, leftovers.undeclared);
  if (written?.ok) {
    collect.edit(path, before, { ...written, modified: written.content !== before });
    return;
  }
  if (written) {
    collect.notice(`\`wrangler types\` ${written.reason}: only the type of the binding is added to ${path}.`);
  }
  collect.editInSteps(path, before, [
    (content) =>
      tags === undefined ? unchanged(content) : declareBinding(content, tags, path, 'DurableObjectNamespace'),
    (content) => (entries === undefined ? unchanged(content) : declareBinding(content, entries, path)),
    leftovers.undeclare ?? unchanged,
  ]);
}

/** The types of the env as wrangler wrote them, where they can be taken; `undefined` where it was not asked. */
function byWrangler(
  { wranglerTypes }: InitInput,
  before: string,
  { entries, tags }: Bindings,
  gone: string | undefined,
): { ok: true; content: string } | { ok: false; reason: string } | undefined {
  if (!wranglerTypes?.ok) return wranglerTypes;
  const bindings = [entries, tags].filter((name) => name !== undefined);
  const written = wranglerTypes.text;
  if (!declaresAll(written, bindings)) return { ok: false, reason: 'did not find every binding' };
  const all = gone === undefined ? bindings : [...bindings, gone];
  return takeTypes({ before, written, bindings: all, objects: tags !== undefined });
}

/** Lets the Worker's main module export the class. */
function exportTags(
  { project, files, templates }: InitInput,
  wrangler: WranglerConfig,
  collect: Collector,
): WorkerEntryEdit[] {
  const { style } = project;
  const edits = exportTagsClass({
    wrangler,
    files,
    typed: isTyped(project),
    style,
    template: templates.worker,
  });
  const seen = new Set<string>();
  for (const { path, before, result } of edits) {
    if (seen.has(path)) continue;
    seen.add(path);
    if (result.ok && before === undefined) collect.create(path, result.content);
    else collect.edit(path, before ?? '', result);
  }
  return edits;
}

/** What could not be read, in sentences: one for all places that have the same reason. */
import type { UnresolvedPart } from './schema.js';

/** Why a plugin's part in the schema is not known. */
export const PLUGIN_NOT_RUN = 'plugins are not run; they may add collections, globals and fields';

/** Most plugins that a sentence names. */
const MOST_NAMED = 4;

/**
 * A sentence for each reason, with every place that it holds for. The code is quoted where it is one place only: five
 * plugins that are not run are one piece of news.
 */
export function unresolvedSentences(unresolved: readonly UnresolvedPart[]): string[] {
  const groups = new Map<string, UnresolvedPart[]>();
  for (const it of unresolved) {
    const group = JSON.stringify([it.location.file, it.part, it.reason]);
    groups.set(group, [...(groups.get(group) ?? []), it]);
  }
  return [...groups.values()].map((group) => {
    const { part, location, expression, reason } = group[0]!;
    const lines = [...new Set(group.map((it) => it.location.line))].sort((a, b) => a - b).join(', ');
    if (reason === PLUGIN_NOT_RUN) return pluginSentence(group, `${location.file}:${lines}`);
    const code = group.length === 1 ? ` (\`${expression}\`)` : '';
    return `${location.file}:${lines}: ${part} could not be read in full${code}: ${reason}`;
  });
}

/** What plugins that nobody knows mean for the cache. */
function pluginSentence(group: readonly UnresolvedPart[], places: string): string {
  // What stands behind the first bracket are options, which tell a person nothing.
  const names = [
    ...new Set(group.map(({ expression }) => `\`${expression.replace(/(?<=\w)\(.*$/, '()')}\``)),
  ];
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  const what = names.length === 1 ? 'a plugin that is not known' : 'plugins that are not known';
  return `${places}: ${what}, ${names.slice(0, MOST_NAMED).join(', ')}${more}: collections that only ${names.length === 1 ? 'it adds' : 'they add'} are not cached unless you name them`;
}

/** What could not be read, in sentences: one for all places that have the same reason. */
import type { UnresolvedPart } from './schema.js';

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
    const code = group.length === 1 ? ` (\`${expression}\`)` : '';
    return `${location.file}:${lines}: ${part} could not be read in full${code}: ${reason}`;
  });
}

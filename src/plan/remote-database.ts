/** A deployed database that is asked from a developer's machine, with a namespace beside it that is not the deployed one. */
import type { WranglerConfig } from '../inspect/wrangler.js';
import { memberValue, parseJson } from './json-edit.js';

/**
 * Whether builds and scripts that go to the remote D1 (`"remote": true`) would find a local namespace under that
 * binding: it may hold what a local database answered, and nobody at the edge hears of what they write.
 */
export function isCachedLocally(wrangler: WranglerConfig, binding: string): boolean {
  const { databases, namespaces } =
    wrangler.format === 'toml' ? inToml(wrangler.content) : inJson(wrangler.content);
  return (
    databases.some(({ remote }) => remote) && !namespaces.some((it) => it.remote && it.binding === binding)
  );
}

interface Binding {
  binding: unknown;
  remote: boolean;
}

interface Bindings {
  databases: Binding[];
  namespaces: Binding[];
}

function inJson(text: string): Bindings {
  const parsed = parseJson(text);
  if (!('root' in parsed)) return { databases: [], namespaces: [] };
  const { root } = parsed;
  const environments = (memberValue(root, 'env')?.children ?? []).flatMap(
    ({ children }) => children?.[1] ?? [],
  );
  const entries = (list: string) =>
    [root, ...environments]
      .filter(({ type }) => type === 'object')
      .flatMap((place) => memberValue(place, list)?.children ?? [])
      .filter(({ type }) => type === 'object')
      .map((entry) => ({
        binding: memberValue(entry, 'binding')?.value,
        remote: ['remote', 'experimental_remote'].some((name) => memberValue(entry, name)?.value === true),
      }));
  return { databases: entries('d1_databases'), namespaces: entries('kv_namespaces') };
}

function inToml(text: string): Bindings {
  const tables = text.split(/^(?=[ \t]*\[)/m);
  const entries = (list: string) =>
    tables
      .filter((table) => new RegExp(`^\\s*\\[\\[(?:env\\.[^\\]]+\\.)?${list}\\]\\]`).test(table))
      .map((table) => ({
        binding: /^\s*binding\s*=\s*["']([^"']*)["']/m.exec(table)?.[1],
        remote: /^\s*(?:experimental_)?remote\s*=\s*true\b/m.test(table),
      }));
  return { databases: entries('d1_databases'), namespaces: entries('kv_namespaces') };
}

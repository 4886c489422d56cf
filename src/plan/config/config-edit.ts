/**
 * The edit of the Payload config: one import and one element at the end of `plugins`. Inspection has located
 * everything; what is written is a splice. What could be overridden or is not surely an array is refused.
 */
import type { CodeStyle } from '../../inspect/code-style.js';
import type { ConfigShape } from '../../inspect/config-shape/shape.js';
import type { GeneratedPaths } from '../generated-paths.js';
import type { TransformResult } from '../plan.js';
import { fileStyle } from '../text/file-style.js';
import { applyEdits, type Edit } from '../text/splice.js';
import { importEdit, importStatement, localName, wrapperImport } from './config-import.js';
import { type PluginsWiring, refuseUncertain, wirePlugins } from './plugins-edit.js';

/** What is to be wired. */
export interface Wiring {
  shape: ConfigShape;
  paths: GeneratedPaths;
  style: CodeStyle;
  /** Whether the wrapper is a function of the Cloudflare env that the config holds. */
  withEnv: boolean;
}

/** The config with the cache in it. */
export function wireConfig(wiring: Wiring): TransformResult {
  const { shape } = wiring;
  const file = shape.config;
  if (shape.wired.elements > 0) return { ok: true, content: file.text, modified: false };
  const style = fileStyle(file.text, file.path, wiring.style);
  const lost = lostImport(wiring, style);
  if (lost) return { ok: true, content: applyEdits(file.text, [lost]), modified: true };

  const name = localName(wiring);
  const element = wiring.withEnv && shape.cloudflareEnv ? `${name}(${shape.cloudflareEnv.expression})` : name;
  const imported = wrapperImport(wiring) !== undefined;
  const statement = importStatement(name, wiring, style);
  const refuse: PluginsWiring['refuse'] = (reason, line, { lines, instead, imports = [] }) => ({
    ok: false,
    reason,
    ...(line === undefined ? {} : { line }),
    paste: [[...imports, ...(imported ? [] : [statement])].join('\n'), lines].filter(Boolean).join('\n\n'),
    ...(instead === undefined ? {} : { instead }),
  });
  const into: PluginsWiring = { shape, style, element, refuse };
  if (shape.uncertain !== undefined) return refuseUncertain(into, shape.uncertain);
  const edits: Edit[] = [];
  for (const { object, plugins } of [shape, ...shape.otherObjects]) {
    const found = wirePlugins({ ...into, shape: { ...shape, object, plugins } });
    if (!Array.isArray(found)) return found;
    edits.push(...found);
  }
  if (!imported) edits.unshift(importEdit(file, statement, style));
  return { ok: true, content: applyEdits(file.text, edits), modified: true };
}

/** An element that is there already and only lacks its import, or has it for its type alone. */
function lostImport(wiring: Wiring, style: CodeStyle): Edit | undefined {
  const { shape, paths } = wiring;
  const { config: file, plugins } = shape;
  if (plugins.kind !== 'array' || plugins.file !== file) return undefined;
  const uses = (name: string) => plugins.array.elements.some(({ text }) => text.split('(')[0] === name);
  const ofType = file.imports.find(({ typeOnly, resolved }) => typeOnly && resolved === paths.wrapper);
  if (ofType?.names.some(uses)) {
    const text = file.text.slice(ofType.start, ofType.end).replace(/^import\s+type\b/, 'import');
    return { start: ofType.start, end: ofType.end, text };
  }
  const isDeclared = file.topLevelNames.includes('cache') || /\b(?:const|let|var)\s+cache\b/.test(file.text);
  if (isDeclared || !uses('cache')) return undefined;
  return importEdit(file, importStatement('cache', wiring, style), style);
}

/** Endpoints that a site adds to Payload's REST API, as far as its config has them written out. */
import { ts } from '../inspect/typescript.js';
import {
  asObject,
  unwrapped,
  valueIn,
  type WrittenObject,
  type WrittenValue,
  writtenValue,
} from '../inspect/written-value.js';
import type { DoctorContext } from './context.js';

/** The paths below the API's that the site's own endpoints answer `GET` at, sorted. */
export function ownEndpoints({ project, read }: Pick<DoctorContext, 'project' | 'read'>): string[] {
  const globals = new Set(project.schema.globals.map(({ slug }) => slug));
  const collections = new Set(project.schema.collections.map(({ slug }) => slug));
  /** Where the endpoints of an object begin; `undefined` where it is neither of the site's nor the config. */
  const baseOf = (owner: WrittenObject): string | undefined => {
    const slug = valueIn(owner, 'slug');
    if (slug === undefined) return valueIn(owner, 'collections') ? '' : undefined;
    if (slug.kind !== 'text') return undefined;
    if (collections.has(slug.text)) return `/${slug.text}`;
    return globals.has(slug.text) ? `/globals/${slug.text}` : undefined;
  };
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const owner = asObject(writtenValue(node));
      const base = owner && baseOf(owner);
      const list = valueIn(owner, 'endpoints');
      if (base !== undefined && list?.kind === 'list')
        for (const path of list.elements.flatMap(pathOf)) found.add(base + path);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of project.filesRead) {
    const text = read(file);
    if (text?.includes('endpoints')) visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  }
  return [...found].sort();
}

/** The path of an endpoint that answers `GET`. */
function pathOf(element: WrittenValue): string[] {
  const [method, path] = ['method', 'path'].map((name) => valueIn(asObject(element), name));
  return method?.kind === 'text' && method.text === 'get' && path?.kind === 'text' ? [path.text] : [];
}

/** The endpoints that the policy of a wrapped handler names; `undefined` where it is not written out. */
export function namedEndpoints(call: ts.CallExpression): string[] | undefined {
  const [, policy] = call.arguments;
  if (!policy) return [];
  const written = asObject(writtenValue(unwrapped(policy)));
  if (!written || written.members.some(({ name }) => name === undefined)) return undefined;
  const list = valueIn(written, 'endpoints');
  if (list === undefined) return [];
  if (list.kind !== 'list') return undefined;
  return list.elements.flatMap((element) => (element.kind === 'text' ? [element.text] : []));
}

import type { ElementShape, FileShape } from '../../inspect/config-shape/shape.js';
import { propertyName } from '../../inspect/property-name.js';
import { ts } from '../../inspect/typescript.js';
import { lineAt } from '../../plan/text/splice.js';
import { type Check, fail, ok, warn } from '../check.js';
import type { DoctorContext } from '../context.js';

/** Nothing that comes after the cache takes the wrapped adapter away again. */
export const pluginOrder: Check = {
  id: 'plugin-order',
  title: 'Place among the plugins',
  run(context) {
    const { configShape: shape } = context.project;
    const { plugins, wired } = shape;
    const replaced = replacedLater(shape.config);
    if (replaced !== undefined && wired.elements > 0) {
      return fail(`${shape.config.path}:${replaced} replaces \`payload.db\`, and the cache with it`, {
        fix: `Give the adapter to the config as \`db\` instead: the cache is put around that one.`,
      });
    }
    if (wired.elements !== 1 || plugins.kind !== 'array') return undefined;
    const { elements } = plugins.array;
    const own = elements.findIndex(
      ({ text, start }) =>
        wired.import?.names.some((name) => new RegExp(`^${name}\\b`).test(text)) &&
        lineAt(plugins.file.text, start) === wired.elementLocation?.line,
    );
    if (own === -1) return undefined;
    const later = elements.slice(own + 1);
    const place = (element: ElementShape) =>
      `${plugins.file.path}:${lineAt(plugins.file.text, element.start)}`;
    const effects = later.map((element) => ({ element, effect: effectOf(element, plugins.file, context) }));

    const thief = effects.find(({ effect }) => effect === 'replaces-db');
    if (thief) {
      return fail(
        `\`${nameOf(thief.element)}\` at ${place(thief.element)} sets \`db\` after the cache has wrapped it`,
        { fix: `Move \`${nameOf(elements[own]!)}\` to the end of \`plugins\` in ${plugins.file.path}.` },
      );
    }
    if (later.length === 0) return ok('the last one');
    const adding = effects.filter(({ effect }) => effect === 'adds-collections');
    if (adding.length > 0) {
      return warn('plugins that add collections come after it', {
        details: [
          ...adding.map(({ element }) => `${place(element)}: ${nameOf(element)}`),
          'they are cached as well: the cache reads the config when Payload starts; a plugin that sets `db` would take it away',
        ],
        fix: `Move \`${nameOf(elements[own]!)}\` to the end of \`plugins\` in ${plugins.file.path}, to be sure.`,
      });
    }
    return ok(
      `${later.length === 1 ? 'one plugin comes' : `${later.length} plugins come`} after it, and none is seen to set \`db\``,
      later.map((element) => `${place(element)}: ${nameOf(element)}`),
    );
  },
};

type Effect = 'replaces-db' | 'adds-collections';

/** Line of `payload.db = …` in the config's file: `onInit` is after every plugin. */
function replacedLater({ path, text }: FileShape): number | undefined {
  if (!/\.db\s*=/.test(text)) return undefined;
  const source = parse(path, text);
  let line: number | undefined;
  visit(source, (node) => {
    if (assigns(node, 'db') && /(^|\.)payload\.db$/.test(node.left.getText(source)))
      line ??= lineAt(text, node.getStart(source));
  });
  return line;
}

/** What a plugin of the project does to the config, as far as its own code says. */
function effectOf(element: ElementShape, file: FileShape, context: DoctorContext): Effect | undefined {
  const inline = parse('element.ts', `(${element.text})`);
  const direct = effectIn(inline);
  if (direct) return direct;
  const name = nameOf(element);
  const source = parse(file.path, file.text);
  const declared = declarationOf(source, name);
  if (declared) return effectIn(declared);
  const imported = file.imports.find(({ names }) => names.includes(name));
  const text = imported?.resolved === undefined ? undefined : context.read(imported.resolved);
  if (text === undefined) return undefined;
  const module = parse(imported!.resolved!, text);
  return effectIn(declarationOf(module, name) ?? module);
}

function effectIn(root: ts.Node): Effect | undefined {
  const effects = new Set<Effect>();
  visit(root, (node) => {
    for (const [name, effect] of [
      ['db', 'replaces-db'],
      ['collections', 'adds-collections'],
    ] as const) {
      if (assigns(node, name) || (isConfigWith(node, name) && !isKept(node, name))) effects.add(effect);
    }
  });
  return effects.has('replaces-db')
    ? 'replaces-db'
    : effects.has('adds-collections')
      ? 'adds-collections'
      : undefined;
}

/** `{ ...config, name: … }`. */
function isConfigWith(node: ts.Node, name: string): node is ts.ObjectLiteralExpression {
  return (
    ts.isObjectLiteralExpression(node) &&
    node.properties.some(ts.isSpreadAssignment) &&
    node.properties.some((property) => property.name && propertyName(property.name) === name)
  );
}

/** `db: config.db`. */
function isKept(node: ts.ObjectLiteralExpression, name: string): boolean {
  return node.properties.some(
    (property) =>
      ts.isPropertyAssignment(property) &&
      propertyName(property.name) === name &&
      ts.isPropertyAccessExpression(property.initializer) &&
      property.initializer.name.text === name,
  );
}

/** `something.name = …`. */
function assigns(node: ts.Node, name: string): node is ts.BinaryExpression {
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    ts.isPropertyAccessExpression(node.left) &&
    node.left.name.text === name
  );
}

function declarationOf(source: ts.SourceFile, name: string): ts.Node | undefined {
  let found: ts.Node | undefined;
  visit(source, (node) => {
    if (
      (ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)) &&
      node.name?.getText(source) === name
    )
      found ??= node;
  });
  return found;
}

function visit(node: ts.Node, each: (node: ts.Node) => void): void {
  each(node);
  ts.forEachChild(node, (child) => visit(child, each));
}

/** A plugin's name as written, e.g. `seoPlugin` of `seoPlugin({ … })`. */
function nameOf({ text }: ElementShape): string {
  return /^[\w$.]+/.exec(text)?.[0] ?? text.replace(/\s+/g, ' ').slice(0, 40);
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/**
 * In: the config as it was evaluated, one object or several that a condition chooses from.
 * Out: a `ConfigShape`, the places in the text where an edit can be made, or the reason why none can.
 * Between: the literal that an edit reaches (`place.ts`), then its file, its plugins, its env, an earlier init.
 */
import path from 'node:path';
import { lineIndent } from '../code-style.js';
import type { Evaluator } from '../evaluate/evaluator.js';
import type { ObjectValue } from '../evaluate/value.js';
import { isFile, upwards } from '../file-system.js';
import { ts } from '../typescript.js';
import { cloudflareEnv } from './cloudflare-env.js';
import { fileShape, importedNames } from './files.js';
import { objectShape } from './literals.js';
import { editablePlace } from './place.js';
import { readPlugins } from './plugins.js';
import type { ConfigShape } from './shape.js';
import { usedByHand, wiredIn } from './wired.js';

/**
 * Where things stand in the text around the config object, or the several that a condition chooses from. `configFile`
 * is the config that Payload loads, `unsure` why it may not be given these.
 */
export function readConfigShape(
  evaluator: Evaluator,
  values: ObjectValue[],
  configFile: string,
  unsure?: string,
): ConfigShape {
  const shape = shapeOfObjects(evaluator, values, configFile);
  return unsure === undefined ? shape : { ...shape, uncertain: unsure };
}

/** The config file where no object was found, and so nothing is known of what Payload is given. */
export function shapeOfUncertain(evaluator: Evaluator, file: string, reason: string): ConfigShape {
  return { ...shapeWithoutObject(evaluator, file, reason), uncertain: reason };
}

/** The config file where its object cannot be edited: enough to say why. */
function shapeWithoutObject(evaluator: Evaluator, file: string, reason: string): ConfigShape {
  const config = fileShape(evaluator, evaluator.load(file).source);
  return {
    config,
    otherObjects: [],
    objectMissing: reason,
    plugins: { kind: 'absent' },
    wired: usedByHand(config) ?? wiredIn([config], [{ kind: 'absent' }]),
  };
}

function shapeOfObjects(evaluator: Evaluator, values: ObjectValue[], configFile: string): ConfigShape {
  const places = values.map((value) => editablePlace(evaluator, value, configFile));
  const missing = places.find((place) => 'missing' in place);
  const [first, ...others] = places.flatMap((place) => ('missing' in place ? [] : [place]));
  if (missing || !first) {
    const { reason, node } = missing?.missing ?? { reason: 'the config is no object', node: values[0]!.node };
    const file = node.getSourceFile().fileName;
    return {
      ...shapeWithoutObject(evaluator, isOfPackage(evaluator, file) ? file : configFile, reason),
      objectLocation: evaluator.files.locate(node),
    };
  }
  const { literal } = first;
  const source = literal.getSourceFile();
  const elsewhere = others.find((other) => other.literal.getSourceFile() !== source);
  if (elsewhere) {
    const reason = 'a condition chooses the config among objects of several files';
    return {
      ...shapeWithoutObject(evaluator, configFile, reason),
      objectLocation: evaluator.files.locate(elsewhere.literal),
    };
  }
  const config = fileShape(evaluator, source);
  const object = objectShape(evaluator, literal, first.scope);
  const plugins = readPlugins(evaluator, first, config);
  const otherObjects = others
    .filter((other) => other.literal !== literal)
    .map((other) => ({
      object: objectShape(evaluator, other.literal, other.scope),
      plugins: readPlugins(evaluator, other, config),
    }));
  const entry =
    source.fileName === configFile ? [] : [fileShape(evaluator, evaluator.load(configFile).source)];
  const files = [
    config,
    ...(plugins.kind === 'array' && plugins.file !== config ? [plugins.file] : []),
    ...entry,
  ];
  const wired = wiredIn(files, [plugins, ...otherObjects.map((other) => other.plugins)]);
  if (wired.elements === 0 && !isOfPackage(evaluator, source.fileName)) {
    const reason = `the config object is in ${config.path}, which belongs to another package: code there cannot import this one's cache`;
    const entrySource = evaluator.load(configFile).source;
    const argument = argumentOfBuildConfig(entrySource);
    const exported = entrySource.statements.find(ts.isExportAssignment);
    return {
      ...shapeWithoutObject(evaluator, configFile, reason),
      objectLocation: evaluator.files.locate(literal),
      foreign: {
        ...(argument === undefined ? {} : { argument }),
        ...(exported ? { line: evaluator.files.locate(exported).line } : {}),
      },
      plugins,
    };
  }
  return {
    config,
    object,
    otherObjects,
    objectLocation: evaluator.files.locate(literal),
    plugins,
    cloudflareEnv: cloudflareEnv(evaluator, literal, source),
    wired,
  };
}

/** Whether a file belongs to the project's own package, not to one that it imports. */
function isOfPackage(evaluator: Evaluator, file: string): boolean {
  const { root } = evaluator.files;
  if (path.relative(root, file).startsWith('..')) return false;
  const owner = upwards(path.dirname(file)).find((directory) => isFile(path.join(directory, 'package.json')));
  return owner === undefined || owner === root || !owner.startsWith(root + path.sep);
}

/** What the file hands to Payload's own `buildConfig`, as it would be written at the beginning of a line. */
function argumentOfBuildConfig(source: ts.SourceFile): string | undefined {
  const isPayloads = source.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) &&
      ts.isStringLiteral(statement.moduleSpecifier) &&
      statement.moduleSpecifier.text === 'payload' &&
      importedNames(statement).includes('buildConfig'),
  );
  if (!isPayloads) return undefined;
  let found: string | undefined;
  function visit(node: ts.Node): void {
    if (ts.isCallExpression(node) && node.expression.getText(source) === 'buildConfig') {
      const [first] = node.arguments;
      const indent = first && lineIndent(source.text, first.getStart(source));
      found ??= first?.getText(source).replaceAll(`\n${indent}`, '\n');
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  return found;
}

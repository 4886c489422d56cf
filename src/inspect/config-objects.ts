/** The object that the config's default export hands to Payload. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import type { Evaluator } from './evaluate/evaluator.js';
import { isChange } from './evaluate/mutations.js';
import { externalName, type ObjectValue, reasonOf, type Value } from './evaluate/value.js';
import { upwards } from './file-system.js';
import { isPayloadConfig } from './find-config.js';
import type { UnresolvedPart } from './schema.js';
import type { SourceFiles } from './source-files.js';
import { shorten } from './syntax.js';
import { ts } from './typescript.js';

/** From the config file to the config object. */
interface Chain {
  /** The files, the config first. */
  files: string[];
  /** What the config is passed through on the way, which may change it. */
  wrappedBy?: UnresolvedPart;
}

/** What a Payload config has, some of it at least: an object with none of these is none. */
const CONFIG_KEYS = ['collections', 'globals', 'db', 'secret'];

/** The config as an object, or as several that a condition chooses from. */
export interface ConfigObjects {
  values: ObjectValue[];
  chain: Chain;
  /** Why there are none, where that is no error. */
  missing?: string;
  /** Why it is not certain that `buildConfig` is given these. */
  unsure?: string;
}

/** An object that is the config, or that something of which nothing is known may make into it. */
interface Candidate {
  object: ObjectValue;
  unsure?: string;
}

/** The object that the config's default export hands to Payload, or those that a condition chooses from. */
export function configObjects(evaluator: Evaluator, file: string, partial: boolean): ConfigObjects {
  const { files } = evaluator;
  const module = evaluator.load(file);
  refusePayload2(files, module.source);
  const exported = module.exported('default');
  if (!exported) {
    throw new PayloadKVError({
      code: 'CONFIG_UNREADABLE',
      message: `${files.relative(file)} has no default export.`,
      location: { file: files.relative(file) },
      nextStep: 'Export the config as Payload expects it: export default buildConfig({ … }).',
    });
  }
  let value = exported.get();
  // A function of the environment or of defaults: what it returns without arguments.
  if (value.kind === 'function') value = evaluator.call(value, [], value.node);
  // Payload awaits what the file exports.
  value = evaluator.awaited(value, value.node);
  // What files do when they are loaded may change what others hold.
  evaluator.startLoaded();
  const found = candidatesIn(evaluator, value);
  const [first] = found;
  const isConfig = ({ object }: Candidate) =>
    object.built === true || CONFIG_KEYS.some((key) => object.entries().has(key));
  if (first && !found.some(isConfig)) {
    if (isPayloadConfig(module.source.text)) return unreadable('it has no collections, no db and no secret');
    throw new PayloadKVError({
      code: 'CONFIG_UNREADABLE',
      message: `${files.relative(file)} is no Payload config: it imports nothing of Payload, and has neither collections nor globals.`,
      location: { file: files.relative(file), line: 1 },
      nextStep: 'Name the Payload config with --config.',
    });
  }
  if (first) {
    const wrappedBy =
      first.object === value || value.kind === 'choice' || value.kind === 'object'
        ? undefined
        : wrapping(files, value);
    return {
      values: found.map(({ object }) => object),
      chain: { files: chainOf(evaluator, file, first.object), wrappedBy },
      unsure: found.find(({ unsure }) => unsure !== undefined)?.unsure ?? changedBy(found),
    };
  }
  return unreadable(reasonOf(value) ?? 'the default export is no object');

  function unreadable(reason: string): ConfigObjects {
    if (partial) return { values: [], chain: { files: [files.relative(file)] }, missing: reason };
    throw new PayloadKVError({
      code: 'CONFIG_UNREADABLE',
      message: `The config object could not be read: ${reason} (${shorten(value.node)}).`,
      location: files.locate(value.node),
      nextStep:
        notInstalled(files.root, value) ??
        'Write the config as export default buildConfig({ … }), or wire the cache by hand as the README shows.',
    });
  }
}

/** The config among what a value may be: itself, outcomes of a condition, an argument of what wraps it. */
function candidatesIn(evaluator: Evaluator, of: Value, depth = 0): Candidate[] {
  if (depth > 5) return [];
  if (of.kind === 'object') return [builtWithin(evaluator, of) ?? { object: of }];
  if (of.kind === 'choice') {
    const all = of.options.flatMap((option) => candidatesIn(evaluator, option, depth + 1));
    // One outcome is often an empty default.
    const filled = all.filter(({ object }) => object.entries().size > 0);
    return filled.length > 0 ? filled : all.slice(0, 1);
  }
  if (of.kind !== 'external' || !of.args) return [];
  const given = of.args.map((arg) => candidatesIn(evaluator, arg(), depth + 1));
  // What Payload built is a config whatever happens to it afterwards.
  const built = given.find((each) => each.some(({ object }) => object.built));
  if (built) return built;
  const found = given.find((each) =>
    each.some(({ object }) => object.entries().has('collections') || object.entries().has('db')),
  );
  return (found ?? []).map((each) => ({
    ...each,
    unsure: `the config object is handed to ${externalName(of)}, and what that makes of it is not certain`,
  }));
}

/** Why what is written into the config may be lost again: something changes it that is not followed. */
function changedBy(found: Candidate[]): string | undefined {
  for (const { object } of found) {
    const plugins = object.entries().get('plugins')?.();
    const change = [...object.gaps(), ...(plugins?.kind === 'array' ? plugins.items() : [])].find(isChange);
    if (change)
      return `the config is changed by ${shorten(change.node)}, and what that makes of it is not followed`;
  }
  return undefined;
}

/** The config that was built already, where an object only adds to it: plugins of its own would never run. */
function builtWithin(evaluator: Evaluator, value: ObjectValue): Candidate | undefined {
  const { node, scope, merged } = value;
  if (value.built) return undefined;
  const isLiteral = ts.isObjectLiteralExpression(node) && scope !== undefined;
  const parts = isLiteral
    ? node.properties
        .filter(ts.isSpreadAssignment)
        .map(({ expression }) => evaluator.evaluate(expression, scope))
    : (merged?.parts ?? []);
  const object = parts.find((part): part is ObjectValue => part.kind === 'object' && part.built === true);
  if (!object) return undefined;
  const [before, after] = [object, value].map((each) => each.entries().get('db')?.().node);
  if (before === after) return { object };
  return {
    object,
    unsure:
      'the database is set anew after buildConfig made the config, where no plugin sees it: give that one to buildConfig as `db`',
  };
}

/** What to do where the config comes from a package that is to be installed yet, such as one of the workspace. */
function notInstalled(root: string, value: Value): string | undefined {
  if (value.kind !== 'external' || value.packageName === '') return undefined;
  const { packageName } = value;
  const isThere = upwards(root).some((directory) =>
    existsSync(path.join(directory, 'node_modules', packageName)),
  );
  return isThere
    ? undefined
    : `${packageName} is not installed: install the dependencies and run the command again. What a package of the workspace holds is read then.`;
}

function wrapping(files: SourceFiles, value: Value): UnresolvedPart {
  const name = value.kind === 'external' ? externalName(value) : 'a function';
  return {
    part: 'config',
    expression: shorten(value.node),
    location: files.locate(value.node),
    reason: `the config is passed through ${name}, which may change it`,
  };
}

/** The config and the file that holds its object, with what re-exports it in between. */
function chainOf(evaluator: Evaluator, file: string, value: ObjectValue): string[] {
  const { files } = evaluator;
  const chain = [file];
  const target = evaluator.load(file).exported('default')?.target?.();
  const declared = target?.node.getSourceFile().fileName;
  if (declared && !chain.includes(declared)) chain.push(declared);
  const literal = value.node.getSourceFile().fileName;
  if (!chain.includes(literal)) chain.push(literal);
  return chain.map((each) => files.relative(each));
}

/** Before version 3 `buildConfig` came from `payload/config`, whatever package.json says. */
function refusePayload2(files: SourceFiles, source: ts.SourceFile): void {
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    if (!/^payload\/(?:config|dist\/config)/.test(statement.moduleSpecifier.text)) continue;
    throw new PayloadKVError({
      code: 'PAYLOAD_VERSION_UNSUPPORTED',
      message: `The config imports '${statement.moduleSpecifier.text}', as Payload 2 and older have it; payload-kv works with Payload 3.`,
      location: files.locate(statement),
      nextStep:
        'Migrate the project to Payload 3 first: https://payloadcms.com/docs/migration-guide/overview',
    });
  }
}

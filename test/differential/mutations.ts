import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

/**
 * Removes one rule after another of what a query depends on and what a write makes stale, in a copy of the source, and
 * says which test notices: `npm run mutations`, or `npm run mutations -- joins` for the rules with that word.
 */

interface Mutation {
  /** The rule that is removed. */
  rule: string;
  /** Text that occurs once in the runtime, however it is broken into lines. */
  text: string;
  instead: string;
}

const TAGS: Mutation[] = [
  {
    rule: 'a query depends on its own collection',
    text: 'for (const tag of pinned ?? [ofVersions ? versionsTag(entity) : entity]) tags.add(tag);',
    instead:
      'for (const tag of pinned ?? (isGlobal || ofVersions ? [ofVersions ? versionsTag(entity) : entity] : [])) tags.add(tag);',
  },
  {
    rule: 'a query of a global depends on it',
    text: 'for (const tag of pinned ?? [ofVersions ? versionsTag(entity) : entity]) tags.add(tag);',
    instead:
      'for (const tag of pinned ?? (isGlobal ? [] : [ofVersions ? versionsTag(entity) : entity])) tags.add(tag);',
  },
  {
    rule: 'a path reaches the collection of a relation',
    text: 'analysis.tags.add(collectionTag(target));',
    instead: '',
  },
  {
    rule: 'a path goes on behind a relation',
    text: 'if (fields && walkPath(analysis, fields, fields, path, at)) understood = true;',
    instead: 'if (fields) understood = true;',
  },
  {
    rule: 'a path through a polymorphic relation reaches all of its collections',
    text: 'return walkInto(analysis, [field.relationTo].flat(), path, beyond);',
    instead: 'return walkInto(analysis, [field.relationTo].flat().slice(0, 1), path, beyond);',
  },
  {
    rule: 'a path through a join reaches its collections',
    text: 'return walkInto(analysis, [field.collection].flat(), path, at);',
    instead: 'return true;',
  },
  {
    rule: 'a virtual field stands for its path',
    text: "if (typeof virtual === 'string') return",
    instead: "if (typeof virtual === 'number') return",
  },
  {
    rule: 'a locale in a path is passed over',
    text: "(segment === 'all' || analysis.schema.locales.has(segment))",
    instead: "segment === 'all'",
  },
  {
    rule: 'a path goes on inside blocks',
    text: 'if (walkPath(analysis, block.flattenedFields, root, path, next === block.slug ? at + 1 : at))',
    instead: '',
  },
  {
    rule: 'a path goes on inside groups, tabs and arrays',
    text: 'lists.some((list) => walkPath(analysis, list, root, path, at))',
    instead: 'lists.length > 0',
  },
  {
    rule: 'a where of related documents is followed',
    text: 'if (!isNestedWhere(operand)) continue;',
    instead: 'continue;',
  },
  {
    rule: 'conditions inside and and or are followed',
    text: 'if (!Array.isArray(condition) || !condition.every((part) => walkWhere(analysis, part, from))) return false;',
    instead: 'if (!Array.isArray(condition)) return false;',
  },
  {
    rule: 'the where is followed',
    text: 'if (!walkWhere(analysis, args.where, walker)) return false;',
    instead: '',
  },
  {
    rule: 'the order is followed',
    text: 'if (!walkSort(analysis, args.sort, walker)) return false;',
    instead: '',
  },
  {
    rule: 'each of several orders is followed',
    text: 'if (Array.isArray(sort)) return sort.every((part) => walkSort(analysis, part, from));',
    instead: 'if (Array.isArray(sort)) return true;',
  },
  {
    rule: 'the default order of a collection is followed',
    text: '!walkSort(analysis, owner.defaultSort, walker)',
    instead: 'false',
  },
  {
    rule: 'the field of findDistinct is followed',
    text: "if (typeof field !== 'string' || !walker.follow(field)) return false;",
    instead: '',
  },
  {
    rule: 'the access along the field of findDistinct is followed',
    text: "walkWhere(analysis, where, walker.below(path.split('.', MOST_SEGMENTS))),",
    instead: 'true,',
  },
  {
    rule: 'joins bring their collections',
    text: 'return !WITH_JOINS.has(operation) || addJoins(analysis, slug, args, ofVersions);',
    instead: 'return true;',
  },
  {
    rule: 'default joins count without being asked for',
    text: 'const known = joinsOf(slug, schema);',
    instead: 'const known = joinsOf(slug, schema).filter(({ path }) => path in requested);',
  },
  {
    rule: 'joins of several collections count',
    text: 'return [...single, ...several];',
    instead: 'return single;',
  },
  {
    rule: 'the requested where of a join is followed',
    text: 'const followed = walkWhere(analysis, where, ofTarget) && walkWhere(analysis, field.where, ofTarget);',
    instead: 'const followed = walkWhere(analysis, field.where, ofTarget);',
  },
  {
    rule: "a join's own where is followed",
    text: 'walkWhere(analysis, where, ofTarget) && walkWhere(analysis, field.where, ofTarget);',
    instead: 'walkWhere(analysis, where, ofTarget);',
  },
  {
    rule: 'the order of a join is followed',
    text: 'walkSort(analysis, sort ?? field.defaultSort ?? collection.defaultSort, ofTarget);',
    instead: '',
  },
  {
    rule: "the joined collection's default order is followed",
    text: 'sort ?? field.defaultSort ?? collection.defaultSort',
    instead: 'sort ?? field.defaultSort',
  },
  {
    rule: 'joins to drafts depend on the drafts of what they join',
    text: 'if (ofDrafts && collection.versions)',
    instead: 'if (!ofDrafts && collection.versions)',
  },
  {
    rule: 'a join over a slice field depends on the slices of its owners',
    text: 'ids.map((id) => sliceTag(targetEntity, on, id))',
    instead: '[]',
  },
  {
    rule: 'a join with conditions of its own depends on the whole collection',
    text: 'const staysInside = tags.size === beforeJoin;',
    instead: 'const staysInside = true;',
  },
  {
    rule: 'an inclusion passes over no join inside a group',
    text: 'return index < last || ',
    instead: 'return ',
  },
  {
    rule: 'a select with a false anywhere is an exclusion',
    text: ' || excludes();',
    instead: ';',
  },
  {
    rule: 'drafts are selected below version',
    text: "const names = ofVersions ? ['version', ...path.split('.')] : path.split('.');",
    instead: "const names = path.split('.');",
  },
  {
    rule: 'queries of documents depend on their star tag',
    text: 'if (ids) return [starTag(name), ...ids.map((id) => documentTag(name, id))];',
    instead: 'if (ids) return ids.map((id) => documentTag(name, id));',
  },
  {
    rule: 'queries of slices depend on their star tag',
    text: 'return [starTag(collectionTag(collection)), ...(analysis.context.guardsOf?.(collection) ?? [])];',
    instead: 'return [...(analysis.context.guardsOf?.(collection) ?? [])];',
  },
  {
    rule: 'queries of slices depend on what those replace who have others',
    text: 'return [starTag(collectionTag(collection)), ...(analysis.context.guardsOf?.(collection) ?? [])];',
    instead: 'return [starTag(collectionTag(collection))];',
  },
  {
    rule: 'queries of the versions of documents depend on their star tag',
    text: 'return ids && [starTag(name), ...ids.map((id) => documentTag(name, id))];',
    instead: 'return ids && ids.map((id) => documentTag(name, id));',
  },
  {
    rule: 'queries of versions depend on the versions, not on what is published',
    text: '/Versions|Drafts/.test(operation)',
    instead: "/Versions|Drafts/.test(operation) && operation !== 'findVersions'",
  },
  {
    rule: 'queries of drafts depend on the versions, not on what is published',
    text: '/Versions|Drafts/.test(operation)',
    instead: '/Versions/.test(operation)',
  },
  {
    rule: 'conditions on the parent of a version reach the collection',
    text: "if (name === 'parent' && parent && segments.length > 1) return walkInto(analysis, [parent], path, 1);",
    instead: "if (name === 'parent' && parent && segments.length > 1) return true;",
  },
  {
    rule: 'conditions on a version follow the fields of the document',
    text: "if (name === 'version') return walkPath(analysis, fields, fields, path, 1);",
    instead: "if (name === 'version') return true;",
  },
  {
    rule: 'only a sole operator pins',
    text: 'if (operators.length !== 1) return undefined;',
    instead: '',
  },
  {
    rule: 'only a sole logical key is looked into',
    text: "if (logical.length !== 1 || only?.toLowerCase() !== 'and') return undefined;",
    instead: "if (only?.toLowerCase() !== 'and') return undefined;",
  },
  {
    rule: 'the alternatives of an or pin nothing',
    text: "only?.toLowerCase() !== 'and'",
    instead: 'only === undefined',
  },
  {
    rule: 'all localized values of a slice count',
    text: 'field.localized && isObject(value) ? Object.values(value).flat()',
    instead: 'field.localized && isObject(value) ? Object.values(value).slice(0, 1).flat()',
  },
  {
    rule: 'an unknown path makes a query uncacheable',
    text: 'if (!path) return false;',
    instead: 'if (!path) continue;',
  },
];

const INVALIDATION: Mutation[] = [
  {
    rule: 'a write replaces the tag of its collection and of its document',
    text: ': [entity, name, context.sliceSets.writerTag(slug), ...all];',
    instead: ': [name, context.sliceSets.writerTag(slug), ...all];',
  },
  {
    rule: 'a write replaces the tag of its document',
    text: ': [entity, name, context.sliceSets.writerTag(slug), ...all];',
    instead: ': [entity, context.sliceSets.writerTag(slug), ...all];',
  },
  {
    rule: 'a write replaces the tag of its set of slices',
    text: ': [entity, name, context.sliceSets.writerTag(slug), ...all];',
    instead: ': [entity, name, ...all];',
  },
  {
    rule: 'a write to what this process does not cache replaces all documents and slices',
    text: 'if (!isKnown || !context.cached.has(slug)) return entityTags(entity);',
    instead: 'if (!isKnown) return entityTags(entity);\n    if (!context.cached.has(slug)) return [entity];',
  },
  {
    rule: 'a write replaces the tags of its slices',
    text: ': [entity, name, context.sliceSets.writerTag(slug), ...all];',
    instead: ': [entity, name, context.sliceSets.writerTag(slug)];',
  },
  {
    rule: 'a write replaces the slices of the old values',
    text: 'slicesOfDocuments(context, slug, after ? [...old, after] : old)',
    instead: 'slicesOfDocuments(context, slug, after ? [after] : old)',
  },
  {
    rule: 'a write replaces the slices of the new values',
    text: 'slicesOfDocuments(context, slug, after ? [...old, after] : old)',
    instead: 'slicesOfDocuments(context, slug, old)',
  },
  {
    rule: 'slices that the caller did not select are read',
    text: 'args.select === undefined && args.returning !== false',
    instead: 'args.returning !== false',
  },
  {
    rule: 'slices written a moment ago count',
    text: 'const recent = context.recentSlices.get(name) ?? [];',
    instead: 'const recent: string[] = [];',
  },
  {
    rule: 'a write to unknown documents replaces the star tag',
    text: 'const entityTags = (entity: string): string[] => [entity, starTag(entity)];',
    instead: 'const entityTags = (entity: string): string[] => [entity];',
  },
  {
    rule: 'deleting one touches those that refer to it',
    text: "operation === 'deleteOne' ? referrerTags(context, slug) : [];",
    instead: '[];',
  },
  {
    rule: 'deleting many touches those that refer to them',
    text: 'touchUnknown(slug, referrerTags(context, slug));',
    instead: 'touchUnknown(slug);',
  },
  {
    rule: 'deleting touches the versions of those that refer to it',
    text: 'return hasVersions ? entityAndVersionsTags(entity) : entityTags(entity);',
    instead: 'return hasVersions ? entityTags(entity) : entityTags(entity);',
  },
  {
    rule: 'deleting touches globals that refer to it',
    text: 'return [entity, versionsTag(entity)];',
    instead: 'return [];',
  },
  {
    rule: 'deleting touches the versions of what is deleted',
    text: 'return [...tags, ...(context.relevant.has(slug) ? own : [])];',
    instead: 'return tags;',
  },
  {
    rule: 'a write to a version replaces the tag of the versions',
    text: ': [of, documentTag(of, parent)]',
    instead: ': [documentTag(of, parent)]',
  },
  {
    rule: "a write to a version replaces its document's versions",
    text: ': [of, documentTag(of, parent)]',
    instead: ': [of]',
  },
  {
    rule: 'deleting versions touches those of all documents',
    text: 'if (args.collection !== undefined) touchVersions(slug, undefined);',
    instead: '',
  },
  {
    rule: "deleting a global's versions touches them",
    text: 'if (args.globalSlug !== undefined) touchGlobal(args.globalSlug, versionsTag);',
    instead: '',
  },
  {
    rule: 'a write to a global replaces its tag',
    text: 'touchGlobal(args.slug, String);',
    instead: '',
  },
  {
    rule: "a write to a global's version replaces the tag of its versions",
    text: 'touchGlobal(args.global, versionsTag);',
    instead: '',
  },
  {
    rule: 'updating many touches unknown documents',
    text: "case 'updateMany': touchUnknown(slug);",
    instead: "case 'updateMany':",
  },
  {
    rule: 'migrations touch everything',
    text: "if (slug === 'payload-migrations')",
    instead: "if (slug === 'nothing')",
  },
  {
    rule: 'collections that only relations reach are noted',
    text: 'for (const field of fieldsWithin(fields, schema.blocksOf)) targetsOf(field).forEach(reach);',
    instead: '',
  },
  {
    rule: 'a transaction collects what it touches',
    text: 'if (isInTransaction && !end && transactions.isUnderway(transactionID)) merge(transactions.touchedIn(transactionID), touched); else await',
    instead: 'await',
  },
  {
    rule: 'a commit replaces what its transaction touched',
    text: 'return await commitAndEnd(); } finally { await replaceOrGather(touched);',
    instead: 'return await commitAndEnd(); } finally {',
  },
  {
    rule: 'a rollback drops what its transaction touched',
    text: 'if (isTransactionID(id)) transactions.forget(id);',
    instead:
      'if (isTransactionID(id)) { const left = transactions.touchedIn(id); transactions.forget(id); void replaceTouched(left); }',
  },
  {
    rule: 'a write that throws replaces what it may have touched',
    text: 'return result; } finally { // Also after a write that threw: it may have thrown half-way.',
    instead: 'return result; } finally { if (result === undefined) return;',
  },
];

const SCHEMA: Mutation[] = [
  {
    rule: 'every collection of a polymorphic relation has its referrers',
    text: 'for (const target of targetsOf(field)) {',
    instead: 'for (const target of targetsOf(field).slice(0, 1)) {',
  },
];

const mutations: Mutation[] = [...TAGS, ...INVALIDATION, ...SCHEMA];

/** Tests that fail for a reason, from the quickest on. */
const SUITES: { files: string[]; env?: Record<string, string> }[] = [
  { files: ['test/runtime/dependencies.test.ts'] },
  { files: ['test/runtime/internal-relations.test.ts'] },
  { files: ['test/runtime/transactions.test.ts'] },
  { files: ['test/interleaving/mixed-policies.test.ts'] },
  {
    files: ['test/differential/sqlite.test.ts'],
    env: { DIFFERENTIAL_STEPS: '0.15', DIFFERENTIAL_SHRINKING: '0' },
  },
];

const words = process.argv.slice(2);
const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-mutations-'));
let survivors = 0;
try {
  for (const name of ['src', 'test', 'fixtures', 'package.json', 'tsconfig.json'])
    await cp(path.join(repository, name), path.join(directory, name), {
      recursive: true,
      filter: (source) => !/[\\/](node_modules|\.next)([\\/]|$)/.test(source),
    });
  for (const modules of ['node_modules', 'fixtures/blog/node_modules', 'fixtures/cloudflare/node_modules'])
    await symlink(path.join(repository, modules), path.join(directory, modules), 'dir').catch(() => {});
  const config = await readFile(path.join(repository, 'vitest.config.ts'), 'utf8');
  await writeFile(path.join(directory, 'vitest.config.ts'), config.replace(/^\s*globalSetup.*$/m, ''));

  const runtime = path.join(directory, 'src/runtime');
  const names = (await readdir(runtime, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const sources = await Promise.all(
    names.map(async (name) => {
      const file = path.join(runtime, name);
      return { file, source: await readFile(file, 'utf8') };
    }),
  );
  const placeOf = ({ rule, text }: Mutation): (typeof sources)[0] => {
    const pattern = patternOf(text);
    const places = sources.flatMap((of) => Array(of.source.split(pattern).length - 1).fill(of));
    if (places.length !== 1)
      throw new Error(`${rule}: its text occurs ${places.length} times in the runtime`);
    return places[0];
  };
  const all = mutations.map((mutation) => ({ ...mutation, ...placeOf(mutation) }));
  const untouched = await verdict(SUITES[0] as (typeof SUITES)[0]);
  if (untouched) throw new Error(`The tests fail without any mutation: ${untouched}`);
  for (const { rule, file, source, text, instead } of all) {
    if (!words.every((word) => rule.includes(word))) continue;
    await writeFile(
      file,
      source.replace(patternOf(text), () => instead),
    );
    let caught: string | undefined;
    for (const suite of SUITES) {
      caught = await verdict(suite);
      if (caught) break;
    }
    await writeFile(file, source);
    if (!caught) survivors += 1;
    console.log(`${caught ? 'caught  ' : 'SURVIVED'}  ${rule}${caught ? `  <- ${caught}` : ''}`);
  }
} finally {
  await removeDirectory(directory);
}
process.exitCode = survivors === 0 ? 0 : 1;

/** Where a text stands, whatever there is between its words. */
function patternOf(text: string): RegExp {
  const words = text.trim().split(/\s+/);
  return new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s*'));
}

/** Runs a suite on the copy, up to its first failure, and says which that was. */
async function verdict({ files, env }: (typeof SUITES)[0]): Promise<string | undefined> {
  const report = path.join(directory, 'report.json');
  await rm(report, { force: true });
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
  await new Promise<void>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [vitest, 'run', ...files, '--bail=1', '--reporter=json', `--outputFile=${report}`],
      { cwd: directory, env: { ...process.env, ...env }, stdio: 'ignore' },
    );
    child.on('error', reject);
    child.on('exit', () => resolve());
  });
  const { success, testResults } = JSON.parse(await readFile(report, 'utf8')) as {
    success: boolean;
    testResults: {
      name: string;
      message: string;
      assertionResults: { status: string; fullName: string }[];
    }[];
  };
  if (success) return undefined;
  for (const { name, message, assertionResults } of testResults) {
    const file = path.basename(name);
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed) return `${file}: ${failed.fullName}`;
    if (message) return `${file}: ${message.split('\n')[0]}`;
  }
  return 'an error outside of the tests';
}

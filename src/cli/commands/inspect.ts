import path from 'node:path';
import kleur from 'kleur';
import { isExact } from '../../inspect/exact-schema.js';
import type { Project } from '../../inspect/project.js';
import type { CollectionSchema, GlobalSchema, SchemaOrigin } from '../../inspect/schema.js';
import { EXIT } from '../failure.js';
import { type ReadOptions, readProject } from '../read-project.js';
import { clipped, padded, printable, type Terminal, widthOf } from '../terminal/terminal.js';

/** Options of `payload-kv inspect`. */
export type InspectCommandOptions = ReadOptions;

/** How a fact was learned: from the text of the project, from `payload-types.ts`, from Payload itself. */
type Source = 'static' | 'types' | 'static, types' | 'exact';

/** Columns where no terminal shows it, and where more of them would make rows hard to follow. */
const [WIDTH, WIDEST] = [80, 120];

function columnsFor({ stdout }: Terminal): number {
  const { isTTY, columns } = stdout as { isTTY?: boolean; columns?: number };
  return isTTY && columns ? Math.min(columns, WIDEST) : WIDTH;
}

/** Prints what was found and how each fact was learned; changes nothing; returns the exit code. */
export async function runInspect(options: InspectCommandOptions, terminal: Terminal): Promise<number> {
  const project = await readProject(options, terminal);
  for (const line of reportLines(project, columnsFor(terminal))) terminal.say(line);
  terminal.document(inspectionDocument(project));
  return EXIT.ok;
}

// ---- for a person -------------------------------------------------------------------------------------------------

/** What was found, in lines of at most as many columns. */
export function reportLines(project: Project, width: number): string[] {
  const { schema } = project;
  const { collections, globals, unresolved, warnings } = schema;
  return [
    ...facts(project).map(([name, value, source]) => factLine(width, name, value, source)),
    '',
    ...table(width, collections, 'collection'),
    ...(globals.length > 0 ? ['', ...table(width, globals, 'global')] : []),
    ...(unresolved.length > 0 ? ['', kleur.bold('Not resolved')] : []),
    ...unresolved.flatMap(({ part, location, expression, reason }) => [
      `  ${kleur.yellow('!')} ${printable(`${location.file}:${location.line}`)}  ${printable(part)}`,
      ...wrapped(`${printable(expression)}: ${printable(reason)}`, width, '    '),
    ]),
    ...(warnings.length > 0 ? ['', kleur.bold('Warnings')] : []),
    ...warnings.flatMap((warning) => wrapped(printable(warning), width, '    ', `  ${kleur.yellow('!')} `)),
    ...howToLearnMore(project, width),
  ];
}

function facts(project: Project): [name: string, value: string, source?: Source][] {
  const { schema, database, wrangler, configShape, payloadVersion, typesFile } = project;
  const adapter = database.packageName ?? database.expression ?? 'not recognised';
  const alternatives = database.alternatives?.map(({ kind }) => kind).join(' or ');
  return [
    ['config', project.configChain.join(' → '), 'static'],
    ['payload', payloadVersion.installed ?? payloadVersion.declared ?? 'not found'],
    [
      'database',
      database.kind === 'unknown' ? (alternatives ?? adapter) : `${database.kind} (${adapter})`,
      'static',
    ],
    ['plugins', pluginsOf(configShape), 'static'],
    ['locales', schema.locales.length > 0 ? schema.locales.join(', ') : 'none', sourceOfLocales(project)],
    ['types', typesFile ?? 'none'],
    ['wrangler', wrangler?.path ?? 'none'],
    ['read', `${project.filesRead.length} source file${project.filesRead.length === 1 ? '' : 's'}`],
  ];
}

function pluginsOf({ plugins, wired }: Project['configShape']): string {
  const cache = wired.elements > 0 ? ', the cache among them' : '';
  if (plugins.kind === 'absent') return 'none';
  if (plugins.kind === 'other') return `${plugins.reason.replace(/^plugins is /, '')}${cache}`;
  const { length } = plugins.array.elements;
  return `${length === 0 ? 'none' : length}${cache}`;
}

function sourceOfLocales({ schema }: Project): Source {
  if (isExact(schema)) return 'exact';
  return schema.unresolved.some(({ part }) => part.startsWith('localization')) ? 'types' : 'static';
}

function factLine(width: number, name: string, value: string, source?: Source): string {
  const room = width - 2 - 10 - (source ? source.length + 2 : 0);
  const shown = clipped(printable(value), room);
  return `  ${kleur.dim(name.padEnd(10))}${source ? `${padded(shown, room)}  ${kleur.dim(source)}` : shown}`;
}

const [SLUG, HAS, FIELDS, TARGETS, SOURCE] = [0, 1, 2, 3, 4];
/** The columns that are shown, of which the first are that fit. */
const COLUMNS = [
  [SLUG, HAS, FIELDS, TARGETS, SOURCE],
  [SLUG, HAS, FIELDS, SOURCE],
  [SLUG, HAS, FIELDS],
  [SLUG, HAS],
];
/** The least that a column is worth which is broken off, and what the slugs take of a narrow row at most. */
const [NARROWEST, WIDEST_SLUG] = [14, 30];

function table(width: number, entities: (CollectionSchema | GlobalSchema)[], what: string): string[] {
  const rows = [
    [what, 'has', 'fields', 'refers to', 'known by'],
    ...entities.map((entity) => [
      printable(entity.slug),
      marksOf(entity),
      String(entity.fields.length),
      printable(targetsOf(entity).join(', ')),
      sourceOf(entity),
    ]),
  ] as [string, string, string, string, string][];
  const widest = (column: number) => Math.max(...rows.map((cells) => widthOf(cells[column]!)));
  const widths = [0, 1, 2, 3, 4].map(widest);
  const roomOf = (columns: readonly number[]) =>
    columns.reduce(
      (room, column) => room - 2 - (column === SLUG || column === TARGETS ? 0 : widths[column]!),
      width,
    );
  // What it refers to gives way first, then the slug. What has no room at all is left out.
  const columns = COLUMNS.find((them) => roomOf(them) >= (them.includes(TARGETS) ? 2 : 1) * NARROWEST) ?? [
    SLUG,
  ];
  const room = roomOf(columns);
  const targets = columns.includes(TARGETS) ? widths[TARGETS]! : 0;
  const most =
    targets > 0 ? Math.max(room / 2, Math.min(WIDEST_SLUG, room - NARROWEST), room - targets) : room;
  widths[SLUG] = Math.min(widths[SLUG]!, Math.floor(most));
  widths[TARGETS] = Math.min(targets, room - widths[SLUG]);
  return rows.map((cells, index) => {
    const line = columns.map((column) => {
      const cell = clipped(cells[column]!, widths[column]!);
      return column === FIELDS ? cell.padStart(widths[column]!) : padded(cell, widths[column]!);
    });
    const text = `  ${line.join('  ')}`.trimEnd();
    return index === 0 ? kleur.bold(text) : text;
  });
}

function marksOf(entity: CollectionSchema | GlobalSchema): string {
  const versions = { true: 'versions', unknown: 'versions?', false: '' }[String(entity.versions)] ?? '';
  return [
    'auth' in entity && entity.auth ? 'auth' : '',
    'upload' in entity && entity.upload ? 'upload' : '',
    entity.drafts === true ? 'drafts' : versions,
  ]
    .filter((mark) => mark !== '')
    .join(' ');
}

/** The collections that it refers to, joins included. */
function targetsOf({ fields }: { fields: CollectionSchema['fields'] }): string[] {
  const targets = fields.flatMap(({ relationTo = [], join }) => [...relationTo, ...(join?.collection ?? [])]);
  return [...new Set(targets)].sort();
}

const SOURCES: Record<SchemaOrigin, Source> = { config: 'static', types: 'types', exact: 'exact' };

function sourceOf({
  origin,
  fieldsOfTypes = [],
}: {
  origin: SchemaOrigin;
  fieldsOfTypes?: string[];
}): Source {
  return fieldsOfTypes.length > 0 ? 'static, types' : SOURCES[origin];
}

function howToLearnMore({ schema, typesFile }: Project, width: number): string[] {
  if (isExact(schema) || schema.unresolved.length === 0) return [];
  const types = typesFile === undefined ? '`payload generate:types` completes it; ' : '';
  return ['', ...wrapped(`${types}--exact asks Payload itself, by loading the config.`, width, '  ')];
}

/** A text in lines of at most as many columns, broken at spaces. */
function wrapped(text: string, width: number, indent: string, first = indent): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent.length + widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((each, index) => `${index === 0 ? first : indent}${each}`);
}

// ---- for a script -------------------------------------------------------------------------------------------------

function inspectionDocument(project: Project) {
  const { root, configPath, configChain, configShape, database, wrangler, payloadVersion, schema } = project;
  const entity = <T extends CollectionSchema | GlobalSchema>({ origin, fieldsOfTypes = [], ...rest }: T) => {
    const ofTypes = new Set(fieldsOfTypes);
    const own = SOURCES[origin];
    const fields = rest.fields.map((field) => ({
      ...field,
      source: ofTypes.has(field.path) ? 'types' : own,
    }));
    return { ...rest, source: own, fields };
  };
  return {
    command: 'inspect',
    ok: true,
    project: {
      root,
      config: configPath,
      configChain,
      sourceDir: path.posix.normalize(project.sourceDir),
      payload: payloadVersion,
      packageManager: project.packageManager,
      types: project.typesFile ?? null,
      tsconfig: project.tsconfigPath ?? null,
      wrangler: wrangler?.path ?? null,
      filesRead: project.filesRead,
    },
    database: { ...database, source: 'static' },
    plugins: {
      kind: configShape.plugins.kind,
      ...(configShape.plugins.kind === 'absent' ? {} : { location: configShape.plugins.location }),
      wired: configShape.wired.elements > 0,
      source: 'static',
    },
    locales: { codes: schema.locales, source: sourceOfLocales(project) },
    collections: schema.collections.map(entity),
    globals: schema.globals.map(entity),
    unresolved: schema.unresolved,
    warnings: schema.warnings,
  };
}

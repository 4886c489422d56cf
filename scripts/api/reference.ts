import { type ExportedDeclarations, type JSDoc, type JSDocableNode, Node, SyntaxKind } from 'ts-morph';
import { codeOf, type Entry, type Exported, readEntries } from './entries.js';

/** An export, or a member of one, of which no comment says what it is: its entry, its name and the member. */
export type Undescribed = string;

/** Pages made of doc comments, by their names below `docs/reference/`; and what has no text. */
export function reference(entries = readEntries()): {
  pages: Map<string, string>;
  undescribed: Undescribed[];
} {
  const undescribed: Undescribed[] = [];
  const places = placesOf(entries);
  const pages = new Map(
    entries.map((entry) => [`${entry.page}.md`, pageOf(entry, places, undescribed)] as const),
  );
  const index = entries.map((entry) => `- [\`${entry.specifier}\`](${entry.page}.md): ${firstWords(entry)}`);
  pages.set(
    'README.md',
    `${[
      '# API reference',
      'Each entry of the package, with all that it exports. Made by `npm run reference` of the comments in the source.',
      'The commands tell of themselves with `--help`; the metrics are in [metrics](../metrics.md), the variables in [environment](../environment.md). What may change in which version: [versioning](../versioning.md).',
      index.join('\n'),
    ].join('\n\n')}\n`,
  );
  return { pages, undescribed };
}

/** Where each name is described: the first entry that exports it. */
type Places = Map<Node, { page: string; name: string }>;

function placesOf(entries: readonly Entry[]): Places {
  const places: Places = new Map();
  for (const { page, exported } of entries) {
    for (const { name, declarations } of exported) {
      for (const each of declarations) if (!places.has(each)) places.set(each, { page, name });
    }
  }
  return places;
}

function pageOf(entry: Entry, places: Places, undescribed: Undescribed[]): string {
  const link = linker(entry.page, places);
  const values = entry.exported.filter(({ declarations }) => declarations.some(isValue));
  const types = entry.exported.filter((each) => !values.includes(each));
  const section = (title: string, all: readonly Exported[]) =>
    all.length === 0
      ? []
      : [`## ${title}`, ...all.map((each) => describe(each, entry, places, link, undescribed))];
  return `${[
    `# ${entry.specifier}`,
    link(firstComment(entry)),
    ...section('Functions and values', values),
    ...section('Types', types),
  ].join('\n\n')}\n`;
}

type Link = (text: string) => string;

/** Shows the text of a comment as Markdown: `{@link Name}` becomes a link where the name has a place. */
function linker(page: string, places: Places): Link {
  const byName = new Map([...places.values()].map((place) => [place.name, place]));
  return (text) =>
    text
      .split(/(`[^`]*`)/)
      .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
      .join('')
      .replaceAll(/\{@link (\w+)\}/g, (_, name: string) => {
        const place = byName.get(name);
        if (!place) return `\`${name}\``;
        const file = place.page === page ? '' : `${place.page}.md`;
        return `[\`${name}\`](${file}#${name.toLowerCase()})`;
      });
}

function describe(
  { name, declarations }: Exported,
  { page, specifier }: Entry,
  places: Places,
  link: Link,
  undescribed: Undescribed[],
): string {
  const [first] = declarations;
  if (!first) return '';
  const title = name === 'default' ? `### default: ${nameOf(first)}` : `### ${name}`;
  const place = places.get(first);
  if (place && place.page !== page) {
    return `${title}\n\nThe same as in [${place.page}](${place.page}.md#${place.name.toLowerCase()}).`;
  }
  const docs = declarations.flatMap(docsOf);
  const text = docs.map((doc) => doc.getDescription().trim()).join('\n\n');
  if (text === '') undescribed.push(`${specifier}: ${name}`);
  const tags = docs.flatMap((doc) => doc.getTags());
  const tagged = (tag: string) => tags.filter((each) => each.getTagName() === tag);
  const textOf = (tag: (typeof tags)[number]) => link(oneLine(tag.getCommentText() ?? ''));
  const parameters = tagged('param').flatMap((tag) =>
    Node.isJSDocParameterTag(tag) ? [`- \`${tag.getName()}\`: ${textOf(tag)}`] : [],
  );
  return [
    title,
    link(text),
    `\`\`\`ts\n${declarations.map(headOf).join('\n')}\n\`\`\``,
    ...(parameters.length > 0 ? [parameters.join('\n')] : []),
    ...tagged('returns').map((tag) => `Returns ${textOf(tag)}`),
    ...tagged('throws').map((tag) => `Throws ${textOf(tag)}`),
    ...tagged('example').map((tag) => (tag.getCommentText() ?? '').trim()),
    ...declarations.flatMap((each) =>
      membersOf(each, link, (member) => undescribed.push(`${specifier}: ${name}.${member}`)),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The code of a declaration; of an interface or a class its first line, since a table has the members. */
function headOf(declaration: ExportedDeclarations): string {
  const code = codeOf(declaration);
  if (!Node.isInterfaceDeclaration(declaration) && !Node.isClassDeclaration(declaration)) return code;
  return `${code.slice(0, code.indexOf('{')).trim()} { … }`;
}

function membersOf(
  declaration: ExportedDeclarations,
  link: Link,
  onUndescribed: (member: string) => void,
): string[] {
  if (!Node.isInterfaceDeclaration(declaration) && !Node.isClassDeclaration(declaration)) return [];
  const rows = declaration.getMembers().flatMap((member) => {
    // What only the class itself and its copies look at.
    if (!/^(?:readonly )?(?:[\w$]+\??[:(<]|\()/.test(codeOf(member))) return [];
    if (Node.isConstructorDeclaration(member)) return [];
    const text = docsOf(member)
      .map((doc) => doc.getDescription().trim())
      .join(' ');
    const code = oneLine(codeOf(member)).replace(/;$/, '');
    const [, name = 'the call', type = code] = /^(?:readonly )?([\w$]+\??)(?:: ?)?(.*)$/.exec(code) ?? [];
    if (text === '') onUndescribed(name);
    return [`| \`${name}\` | ${cell(type)} | ${link(oneLine(text)).replaceAll('|', '\\|')} |`];
  });
  return rows.length === 0 ? [] : [['| member | type | |', '|---|---|---|', ...rows].join('\n')];
}

const cell = (type: string) => (type === '' ? '' : `\`${type.replaceAll('|', '\\|')}\``);
const oneLine = (text: string) => text.replaceAll(/\s*\n\s*/g, ' ').trim();
const isValue = (node: Node) => !Node.isInterfaceDeclaration(node) && !Node.isTypeAliasDeclaration(node);
const nameOf = (node: Node) => (Node.hasName(node) ? node.getName() : '');

function docsOf(node: Node): JSDoc[] {
  const documented = Node.isVariableDeclaration(node)
    ? node.getFirstAncestorByKind(SyntaxKind.VariableStatement)
    : node;
  // Above the first declaration of a file stands what the file is.
  return Node.isJSDocable(documented) ? (documented as JSDocableNode).getJsDocs().slice(-1) : [];
}

/** What stands at the top of an entry's file; where nothing does, what its first value is. */
function firstComment({ source, exported }: Entry): string {
  const [, text] =
    /^\/\*\*((?:(?!\*\/).)*)\*\/\n(?:\n|import |export \{|export \*|export type \{)/s.exec(
      source.getFullText(),
    ) ?? [];
  if (text !== undefined) return text.replaceAll(/^ *\* ?/gm, '').trim();
  const values = exported.flatMap(({ declarations }) => declarations.filter(isValue));
  return values.flatMap(docsOf)[0]?.getDescription().trim() ?? '';
}

function firstWords(entry: Entry): string {
  const text = oneLine(firstComment(entry));
  return /^.*?[.:](?= |$)/.exec(text)?.[0].replace(/:$/, '.') ?? text;
}

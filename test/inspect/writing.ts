/**
 * One site, written in ever other ways: whitespace, comments, order, quotes, what is hoisted into constants, what is
 * split into files, how the config is exported, how plugins are given. What it says is always the same.
 */

/** Draws one of several. */
export type Draw = <T>(options: readonly T[]) => T;

/** Something of the config, without the way it is written. */
type Piece =
  | { object: [string, Piece][]; type?: string; name?: string }
  | { list: Piece[]; type?: string; name?: string }
  | { text: string; name?: string }
  | { code: string };

/** Tokens; whitespace and comments may stand between any two. */
type Code = string[];

interface File {
  imports: Map<string, { named: Set<string>; types: Set<string>; fallback?: string }>;
  statements: Code[];
}

const CONFIG = 'src/payload.config.ts';

const text = (value: string, name?: string): Piece => ({ text: value, ...(name ? { name } : {}) });
const yes: Piece = { code: 'true' };

function field(name: string, type: string, more: [string, Piece][] = []): Piece {
  return {
    type: 'Field',
    name: `${name}Field`,
    object: [['name', text(name)], ['type', text(type)], ...more],
  };
}

const fields = (name: string, list: Piece[]): Piece => ({ list, type: 'Field[]', name: `${name}Fields` });
const to = (slug: string): [string, Piece] => ['relationTo', text(slug, `${slug}Slug`)];

function collection(slug: string, list: Piece[], more: [string, Piece][] = []): Piece {
  return {
    type: 'CollectionConfig',
    name: slug[0]!.toUpperCase() + slug.slice(1),
    object: [['slug', text(slug, `${slug}Slug`)], ['fields', fields(slug, list)], ...more],
  };
}

const COLLECTIONS: Piece = {
  type: 'CollectionConfig[]',
  name: 'collections',
  list: [
    collection(
      'posts',
      [
        field('title', 'text', [['localized', yes]]),
        field('slug', 'text', [['unique', yes]]),
        field('author', 'relationship', [to('users')]),
        field('related', 'relationship', [
          ['relationTo', { list: [text('posts'), text('pages')], type: 'CollectionSlug[]', name: 'targets' }],
          ['hasMany', yes],
        ]),
        field('seo', 'group', [['fields', fields('seo', [field('image', 'upload', [to('media')])])]]),
        {
          object: [
            ['type', text('tabs')],
            [
              'tabs',
              {
                list: [
                  {
                    object: [
                      ['label', text('More')],
                      ['fields', fields('more', [field('note', 'text')])],
                    ],
                  },
                ],
              },
            ],
          ],
        },
      ],
      [['versions', { object: [['drafts', yes]] }]],
    ),
    collection('pages', [
      field('parent', 'relationship', [to('pages')]),
      field('layout', 'blocks', [
        [
          'blocks',
          {
            type: 'Block[]',
            name: 'blocks',
            list: [
              {
                type: 'Block',
                name: 'HeroBlock',
                object: [
                  ['slug', text('hero')],
                  ['fields', fields('hero', [field('picture', 'upload', [to('media')])])],
                ],
              },
            ],
          },
        ],
      ]),
    ]),
    collection('media', [], [['upload', yes]]),
    collection('users', [], [['auth', yes]]),
  ],
};

const GLOBALS: Piece = {
  type: 'GlobalConfig[]',
  name: 'globals',
  list: [
    {
      type: 'GlobalConfig',
      name: 'Header',
      object: [
        ['slug', text('header')],
        [
          'fields',
          fields('header', [
            field('links', 'array', [
              ['fields', fields('link', [field('page', 'relationship', [to('pages')])])],
            ]),
          ]),
        ],
      ],
    },
  ],
};

const LOCALIZATION: Piece = {
  object: [
    ['locales', { list: [text('en'), text('de')] }],
    ['defaultLocale', text('en')],
  ],
};

const COMMENTS = [
  'note',
  'plugins: [],',
  "import { cache } from './payload-kv'",
  'buildConfig({',
  '}',
  ']',
  '\'"`',
  '* /',
  'https://x.y',
];

/** Writes the site; the files by path. The same draws give the same text. */
export function writeSite(draw: Draw): Record<string, string> {
  const files = new Map<string, File>();
  const hoisted = new Map<string, { file: string; local: string }>();
  const style = {
    semicolons: draw([true, false]),
    quotes: draw(["'", '"']),
    anyQuotes: draw([false, false, true]),
    comments: draw([0, 0, 1, 3]),
    newlines: draw([0, 1, 3, 6]),
    lineEnd: draw(['\n', '\n', '\r\n']),
    indent: draw(['  ', '\t', '    ']),
    extension: draw(['', '', '.js']),
    hoisting: draw([0, 1, 3, 6]),
    splitting: draw([false, true]),
    trailingCommas: draw([true, false]),
    quotedKeys: draw([0, 0, 1, 4]),
    byteOrderMark: draw([false, false, false, true]),
  };
  const often = (weight: number) => weight > 0 && draw([0, 1, 2, 3, 4, 5, 6, 7]) < weight;

  function fileAt(path: string): File {
    const known = files.get(path);
    if (known) return known;
    const file: File = { imports: new Map(), statements: [] };
    files.set(path, file);
    return file;
  }

  function importing(path: string, specifier: string) {
    const { imports } = fileAt(path);
    const known = imports.get(specifier) ?? { named: new Set<string>(), types: new Set<string>() };
    imports.set(specifier, known);
    return known;
  }

  function quoted(value: string): string {
    const mark = style.anyQuotes ? draw(["'", '"', '`']) : style.quotes;
    return `${mark}${value}${mark}`;
  }

  function key(name: string): string {
    return often(style.quotedKeys) ? `${style.quotes}${name}${style.quotes}` : name;
  }

  function separated(items: Code[]): Code {
    const comma = style.trailingCommas && items.length > 0 ? [','] : [];
    return [...items.flatMap((item, index) => (index === 0 ? item : [',', ...item])), ...comma];
  }

  /** The piece as an expression in a file: in place, or behind a name. */
  function expression(piece: Piece, path: string): Code {
    if ('code' in piece) return [piece.code];
    if (piece.name && often(style.hoisting)) return [nameOf(piece, piece.name, path)];
    const inPlace = literal(piece, path);
    return often(1) && !('text' in piece) ? ['(', ...inPlace, ')'] : inPlace;
  }

  function literal(piece: Exclude<Piece, { code: string }>, path: string): Code {
    if ('text' in piece) return [quoted(piece.text)];
    if ('list' in piece) return ['[', ...separated(piece.list.map((item) => expression(item, path))), ']'];
    return ['{', ...separated(shuffled(piece.object).map(([name, value]) => member(name, value, path))), '}'];
  }

  function member(name: string, value: Piece, path: string): Code {
    const code = expression(value, path);
    if (code.length === 1 && code[0] === name) return [name];
    return [key(name), ':', ...code];
  }

  function shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    const result: T[] = [];
    while (left.length > 0) result.push(...left.splice(draw(left.map((_, index) => index)), 1));
    return result;
  }

  /** A constant that holds the piece: of this file, or of another that this one imports. */
  function nameOf(piece: Exclude<Piece, { code: string }>, wanted: string, path: string): string {
    const id = `${wanted} ${JSON.stringify(piece)}`;
    const known = hoisted.get(id);
    const home = known?.file ?? (style.splitting && draw([true, false]) ? `src/parts/${wanted}.ts` : path);
    if (home === path) return known?.local ?? declare(piece, wanted, path, id);
    // A file whose constants others import exports them; one that was not split off imports nothing back.
    if (known && !known.file.startsWith('src/parts/'))
      return declare(piece, `${wanted}Too`, path, `${id} ${path}`);
    if (!known) declare(piece, wanted, home, id);
    importing(path, specifierOf(path, home)).named.add(wanted);
    return wanted;
  }

  function declare(piece: Exclude<Piece, { code: string }>, name: string, path: string, id: string): string {
    const known = hoisted.get(id);
    if (known) return known.local;
    hoisted.set(id, { file: path, local: name });
    const file = fileAt(path);
    const code = literal(piece, path);
    const type = 'type' in piece ? piece.type : undefined;
    if (type) importing(path, 'payload').types.add(type.replace('[]', ''));
    const start = [...(path.startsWith('src/parts/') ? ['export'] : []), 'const', name];
    const typed = type
      ? [
          [...start, ':', type, '=', ...code],
          [...start, '=', ...code, 'satisfies', type],
        ]
      : [[...start, '=', ...code]];
    file.statements.push(draw(typed));
    return name;
  }

  function specifierOf(from: string, target: string): string {
    const name = target.replace(/^.*\//, '').replace(/\.ts$/, '');
    const folder = target.includes('/parts/') ? (from.includes('/parts/') ? './' : './parts/') : './';
    return `${folder}${name}${style.extension}`;
  }

  // ---- plugins and the config ---------------------------------------------------------------------------------

  function plugins(path: string): [string, Code][] {
    const arrow = ['(config) =>', 'config'];
    const file = fileAt(path);
    const constant = (code: Code, name = 'plugins') => {
      importing(path, 'payload').types.add('Plugin');
      file.statements.push(['const', name, ':', 'Plugin[]', '=', ...code]);
    };
    switch (
      draw([
        'absent',
        'absent',
        'empty',
        'literal',
        'constant',
        'shorthand',
        'condition',
        'function',
        'spread',
      ])
    ) {
      case 'absent':
        return [];
      case 'empty':
        return [['plugins', ['[', ']']]];
      case 'literal':
        return [['plugins', ['[', ...separated([arrow, arrow]), ']']]];
      case 'constant':
        constant(['[', ...separated([arrow]), ']'], 'sitePlugins');
        return [['plugins', ['sitePlugins']]];
      case 'shorthand':
        constant(['[', ...separated([arrow]), ']']);
        return [['plugins', []]];
      case 'spread':
        constant(['[', ...separated([arrow]), ']'], 'shared');
        return [['plugins', ['[', ...separated([['...', 'shared'], arrow]), ']']]];
      case 'condition':
        return [['plugins', ['process.env.AUDIT', '?', '[', ...separated([arrow]), ']', ':', '[', ']']]];
      default:
        importing(path, 'payload').types.add('Plugin');
        file.statements.push([
          'const',
          'getPlugins',
          '=',
          '(): Plugin[] =>',
          '[',
          ...separated([arrow]),
          ']',
        ]);
        return [['plugins', ['getPlugins', '(', ')']]];
    }
  }

  function configObject(path: string): Code {
    importing(path, '@payloadcms/db-sqlite').named.add('sqliteAdapter');
    const adapter = [
      'sqliteAdapter',
      '(',
      '{',
      'client',
      ':',
      '{',
      'url',
      ':',
      quoted('file:./site.db'),
      '}',
      '}',
      ')',
    ];
    const members: Code[] = [
      [key('secret'), ':', quoted('x')],
      member('collections', COLLECTIONS, path),
      member('globals', GLOBALS, path),
      [key('localization'), ':', ...literal(LOCALIZATION as Exclude<Piece, { code: string }>, path)],
      [key('db'), ':', ...adapter],
      ...plugins(path).map(([name, code]) => (code.length > 0 ? [key(name), ':', ...code] : [name])),
    ];
    return ['{', ...separated(shuffled(members)), '}'];
  }

  function config(): void {
    const file = fileAt(CONFIG);
    importing(CONFIG, 'payload').named.add('buildConfig');
    const object = (path = CONFIG) => configObject(path);
    switch (
      draw([
        'direct',
        'direct',
        'constant',
        'options',
        'elsewhere',
        'factory',
        'async',
        'awaited',
        'satisfies',
      ])
    ) {
      case 'direct':
        file.statements.push(['export default', 'buildConfig', '(', ...object(), ')']);
        break;
      case 'constant': {
        const code = object();
        file.statements.push(
          ['const', 'config', '=', 'buildConfig', '(', ...code, ')'],
          ['export default', 'config'],
        );
        break;
      }
      case 'options': {
        const code = object();
        importing(CONFIG, 'payload').types.add('Config');
        file.statements.push(
          ['const', 'options', ':', 'Config', '=', ...code],
          ['export default', 'buildConfig', '(', 'options', ')'],
        );
        break;
      }
      case 'elsewhere': {
        const home = 'src/parts/options.ts';
        const code = object(home);
        importing(home, 'payload').types.add('Config');
        fileAt(home).statements.push(['export', 'const', 'options', ':', 'Config', '=', ...code]);
        importing(CONFIG, specifierOf(CONFIG, home)).named.add('options');
        file.statements.push(['export default', 'buildConfig', '(', 'options', ')']);
        break;
      }
      case 'factory': {
        const code = object();
        file.statements.push(
          ['const', 'make', '=', '() =>', 'buildConfig', '(', ...code, ')'],
          ['export default', 'make', '(', ')'],
        );
        break;
      }
      case 'async': {
        const code = object();
        file.statements.push([
          'export default',
          '(',
          'async () =>',
          'buildConfig',
          '(',
          ...code,
          ')',
          ')',
          '(',
          ')',
        ]);
        break;
      }
      case 'awaited': {
        const code = object();
        file.statements.push(['export default', 'await', 'buildConfig', '(', ...code, ')']);
        break;
      }
      default: {
        const code = object();
        importing(CONFIG, 'payload').types.add('Config');
        file.statements.push(['export default', 'buildConfig', '(', ...code, 'satisfies', 'Config', ')']);
      }
    }
  }

  // ---- printing -----------------------------------------------------------------------------------------------

  function printed(file: File): string {
    const imports = [...file.imports].flatMap(([specifier, { named, types }]): Code[] => {
      const from = ['from', `${style.quotes}${specifier}${style.quotes}`];
      const names = (list: Iterable<string>, prefix: string) =>
        separated([...list].map((name) => [...(prefix ? [prefix] : []), name]));
      if (types.size > 0 && named.size > 0 && draw([true, false])) {
        return [
          [
            'import',
            '{',
            ...separated([...[...named].map((it) => [it]), ...[...types].map((it) => ['type', it])]),
            '}',
            ...from,
          ],
        ];
      }
      return [
        ...(named.size > 0 ? [['import', '{', ...names(named, ''), '}', ...from]] : []),
        ...(types.size > 0 ? [['import type', '{', ...names(types, ''), '}', ...from]] : []),
      ];
    });
    const end = style.semicolons ? ';' : '';
    const statements = [...shuffled(imports), ...file.statements].map(
      (code) => `${joined(code)}${end}${style.lineEnd}`,
    );
    const body = statements.join(draw(['', style.lineEnd])).replaceAll(/\r?\n/g, style.lineEnd);
    return `${style.byteOrderMark ? '\uFEFF' : ''}${often(style.comments) ? `// ${draw(COMMENTS)}${style.lineEnd}` : ''}${body}`;
  }

  /** The tokens with whitespace and comments between them; deeper where brackets are open. */
  function joined(code: Code): string {
    let depth = 0;
    let line = '';
    for (const [index, token] of code.entries()) {
      const before = code[index - 1];
      if (/^[}\])]$/.test(token)) depth--;
      if (before !== undefined) line += trivia(before, token, depth);
      if (/^[{[(]$/.test(token)) depth++;
      line += token;
    }
    return line;
  }

  function trivia(before: string, after: string, depth: number): string {
    if (after === 'satisfies') return ' ';
    const needsSpace = /[\w$]$/.test(before) && /^[\w$]/.test(after);
    // `const` and its like stay on the line of what they declare, so that nothing ends there.
    const isOpen = depth > 0 || /[=:,({[]$/.test(before);
    const fresh = `\n${style.indent.repeat(depth)}`;
    if (isOpen && often(style.comments))
      return draw([` /* ${draw(COMMENTS).replace('*/', '')} */ `, ` // ${draw(COMMENTS)}${fresh}`]);
    if (isOpen && often(style.newlines)) return fresh;
    return needsSpace || draw([true, false]) ? ' ' : '';
  }

  config();
  return Object.fromEntries([...files].map(([path, file]) => [path, printed(file)]));
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ExportedDeclarations, Node, Project, type SourceFile, SyntaxKind, ts } from 'ts-morph';

/** Absolute path of this repository. */
export const ROOT = path.join(import.meta.dirname, '../..');

/** Something that an entry exports. */
export interface Exported {
  name: string;
  declarations: ExportedDeclarations[];
}

/** An entry of the package: what a site can import. */
export interface Entry {
  /** As a site imports it, e.g. `payload-kv/redis`. */
  specifier: string;
  /** Name of its pages, e.g. `redis`. */
  page: string;
  source: SourceFile;
  /** In the order of their names. */
  exported: Exported[];
}

/** The entries of package.json, as the declarations in dist have them. */
export function readEntries(): Entry[] {
  const project = new Project({
    skipAddingFilesFromTsConfig: true,
    compilerOptions: {
      noLib: true,
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      types: [],
    },
    // What other packages declare is shown by its name, and need not be read.
    resolutionHost: (host, options) => ({
      resolveModuleNames: (names, from) =>
        names.map((name) =>
          name.startsWith('.') ? ts.resolveModuleName(name, from, options(), host).resolvedModule : undefined,
        ),
    }),
  });
  const { name, exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, { types: string } | string>;
  };
  return Object.entries(exports).flatMap(([at, to]) => {
    if (typeof to === 'string') return [];
    const source = project.addSourceFileAtPath(path.join(ROOT, to.types));
    project.resolveSourceFileDependencies();
    const exported = [...source.getExportedDeclarations()]
      .map(([name, declarations]) => ({ name, declarations }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const page = at === '.' ? name : at.slice(2).replaceAll('/', '-');
    return [{ specifier: path.posix.join(name, at), page, source, exported }];
  });
}

const printer = ts.createPrinter({ removeComments: true });

/** A declaration as code, without comments. */
export function codeOf(declaration: Node): string {
  const node = Node.isVariableDeclaration(declaration)
    ? declaration.getFirstAncestorByKindOrThrow(SyntaxKind.VariableStatement)
    : declaration;
  const text = printer.printNode(
    ts.EmitHint.Unspecified,
    node.compilerNode,
    node.getSourceFile().compilerNode,
  );
  return text.replace(/^(?:export )?(?:default )?(?:declare )?/, '');
}

/** What a declaration names of this package: its bases, the types of its members and parameters. */
export function namedBy(declaration: Node): Node[] {
  return declaration.getDescendantsOfKind(SyntaxKind.Identifier).flatMap((identifier) => {
    const symbol = identifier.getSymbol();
    const declared = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
    return declared.filter(
      (node) =>
        (Node.isInterfaceDeclaration(node) ||
          Node.isTypeAliasDeclaration(node) ||
          Node.isClassDeclaration(node) ||
          Node.isVariableDeclaration(node)) &&
        node !== declaration,
    );
  });
}

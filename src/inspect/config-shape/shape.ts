/**
 * Where things stand in the text of the Payload config, so that an edit can be planned as a splice. All offsets are
 * UTF-16 positions in the `text` of the file that they belong to, `end` exclusive.
 */
import type { SourceLocation } from '../schema.js';

/** A piece of a file's text. */
export interface Span {
  start: number;
  /** Exclusive. */
  end: number;
}

/** One import declaration. */
export interface ImportShape extends Span {
  /** The module specifier as written. */
  specifier: string;
  /** `import type …`. */
  typeOnly: boolean;
  /** Local names that the import binds. */
  names: string[];
  /** The file that the specifier leads to, relative to the project's root; absent for packages. */
  resolved?: string;
}

/** A source file as far as an edit of it needs. */
export interface FileShape {
  /** Path relative to the project's root, with forward slashes (`../` where it lies outside). */
  path: string;
  /** The text as it is on disk, including a byte order mark and CRLF. */
  text: string;
  imports: ImportShape[];
  /** Where a new import goes: the end of the last import, or of the directives and leading comment without any. */
  importInsertion: number;
  /** Names bound at the top level of the file, imports included: a new import must not clash. */
  topLevelNames: string[];
  /** Written with `require` and `module.exports`: an import would make it another kind of module. */
  commonJS: boolean;
}

/** One element of an array literal. */
export interface ElementShape extends Span {
  /** `...spread`. */
  spread: boolean;
  /** The element as written. */
  text: string;
}

/** An array literal. */
export interface ArrayShape extends Span {
  elements: ElementShape[];
  trailingComma: boolean;
  /** Closing bracket on another line than the opening one. */
  multiLine: boolean;
  /** Indentation of the elements' lines, where `multiLine` and there are some. */
  elementIndent?: string;
}

/** A spread in the config object. */
export interface SpreadShape extends Span {
  text: string;
  location: SourceLocation;
  /** Whether it stands after the `plugins` property, and so would win over it. */
  afterPlugins: boolean;
  /** Whether the spread object has `plugins`, or may have by its type: `unknown` where it cannot be resolved. */
  hasPlugins: boolean | 'unknown';
}

/** What the config has as `plugins`. */
export type PluginsShape =
  /** No `plugins` property: it can be created in the config object, if no spread in it has some. */
  | { kind: 'absent' }
  /** An array literal, in place or behind a name. A new element can be spliced into it. */
  | {
      kind: 'array';
      /** `literal` in the config object itself, `identifier` behind a const, perhaps of another file. */
      via: 'literal' | 'identifier';
      /** The file that the array literal is in; the very `config` of {@link ConfigShape} where it is the same. */
      file: FileShape;
      array: ArrayShape;
      location: SourceLocation;
      /** The `plugins: …` property in the config file. */
      property: Span;
      /** Whether elements are pushed later on, or the literal is followed by `.filter(Boolean)` and the like. */
      modifiedLater: boolean;
      /** Whether the name that holds the array is declared so that it may be undefined, as `Config['plugins']` says. */
      mayBeNothing?: boolean;
    }
  /** A call, a condition, something of a package, …: it can only be wrapped or refused. */
  | {
      kind: 'other';
      /** Why no array literal was found, in one sentence. */
      reason: string;
      location: SourceLocation;
      /** The `plugins: …` property in the config file. */
      property: Span;
      /** The value in the config file; absent for a method or getter. */
      value?: Span;
      text: string;
      /** Whether following the value showed that it is an array whatever happens, or an array or nothing. */
      isArray: 'always' | 'or-nothing' | 'unknown';
      /** How the plugins are written where they are set after the object is made, such as `config.plugins`. */
      setAs?: string;
      /** The last statement that does so, beside the object's own. */
      statement?: Span;
    };

/** A Cloudflare env that is in scope where `plugins` stands. */
export interface CloudflareEnvShape {
  /** How it is written, e.g. `cloudflare.env` or `env`. */
  expression: string;
  location: SourceLocation;
  /** Whether it's a constant of the module; else a parameter or constant of the function around the config. */
  topLevel: boolean;
  /** Binding names read from it in this file, e.g. `D1`, `R2`. */
  bindings: string[];
}

/** The config object literal's place. */
export interface ConfigObjectShape extends Span {
  /** Number of properties and spreads. */
  size: number;
  trailingComma: boolean;
  multiLine: boolean;
  /** Indentation of the properties' lines, where `multiLine` and there are some. */
  propertyIndent?: string;
  /** Named properties in order. */
  properties: (Span & { name: string })[];
  spreads: SpreadShape[];
}

/** Everything that planning an edit of the config needs. */
export interface ConfigShape {
  /** The file that holds the config object: usually the config itself, else what it re-exports or calls. */
  config: FileShape;
  /** The object literal given to `buildConfig`, or `undefined` where there is none that could be edited. */
  object?: ConfigObjectShape;
  /** Further objects of the same file that a condition chooses from: an edit must be made in each. */
  otherObjects: { object: ConfigObjectShape; plugins: PluginsShape }[];
  /** Why `object` is missing, in one sentence. */
  objectMissing?: string;
  objectLocation?: SourceLocation;
  /** Why it is not certain that Payload is given this very object, or anything of it: then nothing is edited. */
  uncertain?: string;
  /** The object is in another package, whose code this one's cannot be imported by. */
  foreign?: {
    /** What the config hands to `buildConfig`, as written, where it calls it itself. */
    argument?: string;
    /** Line of the config's default export. */
    line?: number;
  };
  plugins: PluginsShape;
  cloudflareEnv?: CloudflareEnvShape;
  /** What is there of an earlier `init`. */
  wired: {
    /** The import of the wrapper (`…/payload-kv/index`) or of the package itself. */
    import?: ImportShape & { file: string };
    /** How many elements of `plugins` use a name of that import. */
    elements: number;
    elementLocation?: SourceLocation;
  };
}

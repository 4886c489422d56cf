/** A KV namespace binding of a wrangler config. */
export interface KVNamespaceBinding {
  binding: string;
  /** Absent where the namespace is provisioned at deploy. */
  id?: string;
  previewId?: string;
}

/** A D1 binding of a wrangler config. */
export interface D1Binding {
  binding: string;
  databaseName?: string;
  databaseId?: string;
}

/** The bindings of one environment: the top level or one `env` block. */
export interface WranglerEnvironment {
  /** Whether the block has a `kv_namespaces` of its own: it is not inherited from the top level. */
  hasKVNamespaces: boolean;
  kvNamespaces: KVNamespaceBinding[];
  d1Databases: D1Binding[];
  /** Whether the block declares bindings of any kind, so that a KV binding must be repeated in it. */
  hasBindings: boolean;
}

/** The wrangler config of the Payload package. */
export interface WranglerConfig extends WranglerEnvironment {
  /** Path relative to the project's root, with forward slashes (`../` where it lies outside). */
  path: string;
  format: 'json' | 'jsonc' | 'toml';
  /** The file's text. */
  content: string;
  name?: string;
  main?: string;
  /** Environment blocks by name. */
  env: Record<string, WranglerEnvironment>;
  /** What could not be read, in words; e.g. toml written in a way that the simple reader does not know. */
  warnings: string[];
}

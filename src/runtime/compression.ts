/** Makes entries smaller before they are stored. */
export interface Compression {
  /** One character that stands in front of each compressed entry. Not `-`. */
  readonly id: string;
  /** Entries of fewer bytes are stored as they are. */
  readonly threshold: number;
  /** Entries of more bytes are stored as they are, and no entry is read that would become larger. */
  readonly maximumBytes: number;
  /** The compressed bytes. */
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** The bytes that were compressed. Rejects for anything else, and for more than `maximumBytes`. */
  decompress(bytes: Uint8Array): Promise<Uint8Array>;
}

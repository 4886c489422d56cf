/** Makes entries unreadable, and impossible to forge, for whoever can reach the store. */
export interface Encryption {
  /** One character that stands in front of each encrypted entry. Not `-`. */
  readonly id: string;
  /** The encrypted bytes. `context` is authenticated with them: they can be read with the same one only. */
  encrypt(bytes: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
  /** The bytes that were encrypted, or `undefined` where the key is not known here. Rejects for what was changed. */
  decrypt(bytes: Uint8Array, context: Uint8Array): Promise<Uint8Array | undefined>;
}

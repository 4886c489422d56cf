/** Opens what a store holds without the site's options: whatever is not encrypted says itself how it was written. */
import { gzip } from '../../runtime/entry/compression.js';
import { NONE, type Opened, type Serializer, VERSION } from '../../runtime/entry/entry-form.js';
import { createEnvelope } from '../../runtime/entry/envelope.js';
import { sealing } from '../../runtime/entry/sealing.js';

/** What was found: its text, with what wrote its result; or why it cannot be opened. */
export type StoredText = { text: string; serializer?: Serializer } | 'encrypted' | 'foreign';

const COMPRESSION = gzip();

/** Opens the text under a key. */
export async function openStored(key: string, stored: string): Promise<StoredText> {
  const [, serializerId, packing, encryption] = /^.(.)(.)(.):/.exec(stored) ?? [];
  if (stored[0] !== VERSION || serializerId === undefined) return 'foreign';
  if (encryption !== NONE) return 'encrypted';
  const serializer = serializerId === 'j' ? undefined : unread(serializerId);
  const envelope = createEnvelope({
    ...(serializer ? { serializer } : {}),
    ...(packing === COMPRESSION.id ? { compression: COMPRESSION } : {}),
  });
  const text: Opened = await envelope.open(key, stored);
  if (typeof text !== 'string') return 'foreign';
  return { text, ...(serializer ? { serializer } : {}) };
}

/** Stands for one that is not known here: results are not looked at. */
function unread(id: string): Serializer {
  const never = (): never => {
    throw new Error('results are not read here');
  };
  return { id, sealing, encode: never, decode: never };
}

/**
 * The text that a store holds for the body of an entry, and back. What is not plain JSON is made and read by the `sealing`
 * that the serializer, compression or encryption brings along.
 */
import {
  type Envelope,
  type EnvelopeOptions,
  foreign,
  HEADER,
  NONE,
  type Opened,
  VERSION,
} from './entry-form.js';

/** Creates the envelope of one site. */
export function createEnvelope(options: EnvelopeOptions = {}): Envelope {
  const { serializer, compression, encryption } = options;
  const header = `${VERSION}${serializer?.id ?? 'j'}${NONE}${NONE}:`;
  const wrap = (body: string, stored?: string): string =>
    stored?.startsWith(header) ? stored : header + body;
  const unwrap = (text: string): Opened => (text.startsWith(header) ? text.slice(HEADER) : foreign(text));
  return {
    serializer,
    wrap,
    unwrap,
    ...((serializer ?? compression ?? encryption)?.sealing(options) ?? {
      seal: (_key, body) => header + body,
      open: (_key, text) => unwrap(text),
    }),
  };
}

import { PayloadKVError } from '../../errors.js';
import type { Compression } from './entry-form.js';
import { sealing } from './sealing.js';

/** Options of {@link gzip}. */
export interface GzipOptions {
  /** Entries of fewer bytes are stored as they are. Default 8,192: see `npm run bench entries`. */
  threshold?: number;
}

const DEFAULT_THRESHOLD = 8_192;
/** A few bytes of gzip may stand for gigabytes. Larger than the largest value of KV, and a quarter of a Worker's memory. */
const LARGEST_BODY = 32 * 1024 * 1024;

/**
 * Compresses entries with the platform's own gzip, in the background while they are written. A hit has to wait for its
 * decompression, but for one in the near tier.
 *
 * @throws PayloadKVError `INVALID_POLICY` for a threshold that is no whole number of bytes
 */
export function gzip(options: GzipOptions = {}): Compression {
  const { threshold = DEFAULT_THRESHOLD } = options;
  if (!Number.isInteger(threshold) || threshold < 0) {
    throw new PayloadKVError({
      code: 'INVALID_POLICY',
      message: `threshold of gzip() must be a whole number of bytes, not ${JSON.stringify(threshold)}.`,
      nextStep: 'Give gzip() a threshold such as 8192, or none.',
    });
  }
  return {
    id: 'g',
    sealing,
    threshold,
    maximumBytes: LARGEST_BODY,
    compress: (bytes) => through(new CompressionStream('gzip'), bytes, Infinity),
    decompress: (bytes) => through(new DecompressionStream('gzip'), bytes, LARGEST_BODY),
  };
}

/** What a stream makes of bytes, if it is no more than `most`. */
async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
  most: number,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  // Their faults come out of the reader as well.
  const ignore = (): void => undefined;
  writer.write(bytes).catch(ignore);
  writer.close().catch(ignore);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      reader.cancel().catch(ignore);
      throw new Error(`more than ${most} bytes`);
    }
    chunks.push(value);
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length);
}

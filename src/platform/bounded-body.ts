/** What is read of a request's body. */
interface WithBody {
  readonly headers: { get(name: string): string | null };
  readonly body: ReadableStream<Uint8Array> | null;
}

/** The text of a request, empty where it has none; `undefined` where it is longer than so many bytes. */
export async function boundedBody({ headers, body }: WithBody, longest: number): Promise<string | undefined> {
  if (Number(headers.get('content-length') ?? 0) > longest) return undefined;
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = body?.getReader();
  if (!reader) return '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts).toString('utf8');
    size += value.byteLength;
    if (size > longest) {
      await reader.cancel();
      return undefined;
    }
    parts.push(value);
  }
}

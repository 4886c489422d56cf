import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A REST server on the loopback address. */
export interface RestServer {
  /** Such as `http://127.0.0.1:40123/api`. */
  url: string;
  stop(): Promise<void>;
}

/** Serves what `handle` of a started Payload answers, on a free port. */
export async function startRest(started: {
  handle(request: Request): Promise<Response>;
}): Promise<RestServer> {
  const server = createServer((incoming, outgoing) => {
    const left = new AbortController();
    outgoing.once('close', () => left.abort());
    answer(incoming, left.signal).then(
      async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        // As it comes: it may be a stream of events.
        if (response.body) for await (const bytes of response.body) outgoing.write(bytes);
        outgoing.end();
      },
      (error: unknown) => {
        outgoing.writeHead(500);
        outgoing.end(String(error));
      },
    );
  });

  async function answer(incoming: IncomingMessage, signal: AbortSignal): Promise<Response> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
      signal,
      method: incoming.method ?? 'GET',
      headers: Object.entries(incoming.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]),
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    return started.handle(request);
  }

  // A client may be sending on a connection at the moment that an idle one is closed.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

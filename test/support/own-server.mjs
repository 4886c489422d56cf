/** The site's own server, as docs/responses.md has it: REST is answered from the cache before Next is asked. */
import { createServer } from 'node:http';
import next from 'next';
import { expressCache } from 'payload-kv/responses';

const port = Number(process.argv[2]);
const app = next({ dev: false, hostname: '127.0.0.1', port });
const cache = expressCache({ api: 'rest', headers: [], outcomeHeader: true });
const handle = app.getRequestHandler();
await app.prepare();
createServer((request, response) => {
  cache(request, response, (error) => (error ? response.destroy() : handle(request, response)));
}).listen(port, '127.0.0.1');

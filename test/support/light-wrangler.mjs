#!/usr/bin/env node
/**
 * Speaks to Cloudflare's API as wrangler 4.82 does, in its words, but starts in a twentieth of the time. It knows the
 * commands that doctor runs; that wrangler itself answers the same is tested beside it.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string' },
    env: { type: 'string' },
    'namespace-id': { type: 'string' },
    ttl: { type: 'string' },
    json: { type: 'boolean' },
    remote: { type: 'boolean' },
    text: { type: 'boolean' },
  },
});
const {
  CLOUDFLARE_API_BASE_URL: base,
  CLOUDFLARE_API_TOKEN: token,
  CLOUDFLARE_ACCOUNT_ID: account,
} = process.env;

function end(...lines) {
  process.stderr.write(
    `\u001b[31m✘ \u001b[41;31m[\u001b[41;97mERROR\u001b[41;31m]\u001b[0m ${lines.join('\n')}\n`,
  );
  process.exit(1);
}
if (!token) {
  end(
    "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.",
  );
}

async function request(method, path, body) {
  const url = `${base}/accounts/${account}${path}`;
  return fetch(url, { method, body, headers: { Authorization: `Bearer ${token}` } }).catch(() =>
    end('fetch failed'),
  );
}

async function api(method, path, body) {
  const response = await request(method, path, body);
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    end(
      'Received a malformed response from the API',
      '',
      `  ${text.slice(0, 100)}`,
      `  ${method} ${path} -> ${response.status} ${response.statusText}`,
    );
  }
  if (answer.success) return answer.result;
  const [{ code, message }] = answer.errors;
  end(
    `A request to the Cloudflare API (${path}) failed.`,
    '',
    `  ${message} [code: ${code}]`,
    '',
    '  If you think this is a bug, please open an issue at: https://github.com/cloudflare/workers-sdk/issues/new/choose',
  );
}

const config = JSON.parse(readFileSync(flags.config, 'utf8'));
const environment = config.env?.[flags.env];
const worker = flags.env ? (environment.name ?? `${config.name}-${flags.env}`) : config.name;
const [what, group, verb, key, value] = positionals;
const say = (result) => process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);

if (group === 'namespace') say(await api('GET', '/storage/kv/namespaces?per_page=1000'));
else if (what === 'deployments') {
  const { deployments } = await api('GET', `/workers/scripts/${worker}/deployments`);
  say(deployments[0] ?? end(`The Worker ${worker} has no deployments.`));
} else if (what === 'versions') say(await api('GET', `/workers/scripts/${worker}/versions/${verb}`));
else {
  if (!flags.remote) throw new Error('the local namespace is meant');
  const path = `/storage/kv/namespaces/${flags['namespace-id']}/values/${encodeURIComponent(key)}`;
  if (verb === 'put') await api('PUT', `${path}?expiration_ttl=${flags.ttl}`, value);
  else if (verb === 'delete') await api('DELETE', path);
  else {
    const response = await request('GET', path);
    if (!response.ok) end(`Failed to fetch ${base}${path} - ${response.status}: ${response.statusText});`);
    process.stdout.write(`${await response.text()}\n`);
  }
}

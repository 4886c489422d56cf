#!/usr/bin/env node
/**
 * Speaks to Cloudflare's API as wrangler 4.82 does, in its words, but starts in a twentieth of the time. It knows the
 * commands that doctor runs; that wrangler itself answers the same is tested beside it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

class Failure extends Error {}

function fail(...lines) {
  throw new Failure(
    `\u001b[31m✘ \u001b[41;31m[\u001b[41;97mERROR\u001b[41;31m]\u001b[0m ${lines.join('\n')}\n`,
  );
}

/** Runs a command in this process. */
export async function lightWrangler(args, cwd, env = process.env) {
  try {
    return { exitCode: 0, stdout: await answerTo(args, cwd, env), stderr: '' };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { exitCode: 1, stdout: '', stderr: error.message };
  }
}

async function answerTo(args, cwd, env) {
  const { values: flags, positionals } = parseArgs({
    args: [...args],
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
  const { CLOUDFLARE_API_BASE_URL: base, CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = env;
  if (!token) {
    fail(
      "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.",
    );
  }

  async function request(method, resource, body) {
    const url = `${base}/accounts/${account}${resource}`;
    return fetch(url, { method, body, headers: { Authorization: `Bearer ${token}` } }).catch(() =>
      fail('fetch failed'),
    );
  }

  async function api(method, resource, body) {
    const response = await request(method, resource, body);
    const text = await response.text();
    let answer;
    try {
      answer = JSON.parse(text);
    } catch {
      fail(
        'Received a malformed response from the API',
        '',
        `  ${text.slice(0, 100)}`,
        `  ${method} ${resource} -> ${response.status} ${response.statusText}`,
      );
    }
    if (answer.success) return answer.result;
    const [{ code, message }] = answer.errors;
    return fail(
      `A request to the Cloudflare API (/accounts/${account}${resource}) failed.`,
      '',
      `  ${message} [code: ${code}]`,
      '',
      '  If you think this is a bug, please open an issue at: https://github.com/cloudflare/workers-sdk/issues/new/choose',
    );
  }

  const config = JSON.parse(readFileSync(path.resolve(cwd, flags.config), 'utf8'));
  const worker = flags.env ? (config.env[flags.env].name ?? `${config.name}-${flags.env}`) : config.name;
  const [what, group, verb, key, value] = positionals;
  const json = (result) => `${JSON.stringify(result, undefined, 2)}\n`;

  if (group === 'namespace') return json(await api('GET', '/storage/kv/namespaces?per_page=1000'));
  if (what === 'deployments') {
    const { deployments } = await api('GET', `/workers/scripts/${worker}/deployments`);
    return json(deployments[0] ?? fail(`The Worker ${worker} has no deployments.`));
  }
  if (what === 'versions') return json(await api('GET', `/workers/scripts/${worker}/versions/${verb}`));
  if (!flags.remote) throw new Error('the local namespace is meant');
  const resource = `/storage/kv/namespaces/${flags['namespace-id']}/values/${encodeURIComponent(key)}`;
  if (verb === 'get') {
    const response = await request('GET', resource);
    if (!response.ok)
      fail(`Failed to fetch ${base}${resource} - ${response.status}: ${response.statusText});`);
    return `${await response.text()}\n`;
  }
  if (verb === 'put') await api('PUT', `${resource}?expiration_ttl=${flags.ttl}`, value);
  else await api('DELETE', resource);
  return '';
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { exitCode, stdout, stderr } = await lightWrangler(process.argv.slice(2), process.cwd());
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}

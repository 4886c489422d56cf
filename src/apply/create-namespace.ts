import { execa } from 'execa';
import { PayloadKVError } from '../errors.js';
import { errorSaid, WRANGLER_ENVIRONMENT } from './wrangler-process.js';

/** What is to be created. */
export interface NamespaceRequest {
  /** Title of the namespace; wrangler puts the environment before it. */
  title: string;
  /** Path of the wrangler config, relative to the project's root: it names the account. */
  config: string;
  /** Environment that the namespace is for. */
  env?: string;
}

/**
 * Creates a KV namespace with the project's own wrangler and its credentials, and returns its id. The config is left
 * alone: wrangler would reformat it.
 * @throws PayloadKVError `NAMESPACE_NOT_CREATED`
 */
export async function createNamespace(root: string, request: NamespaceRequest): Promise<string> {
  const { title, config, env } = request;
  const args = ['kv', 'namespace', 'create', title, '--config', config, ...(env ? ['--env', env] : [])];
  const result = await execa('wrangler', args, {
    cwd: root,
    preferLocal: true,
    localDir: root,
    // Without a terminal wrangler asks nothing, and does not offer to edit the config.
    stdin: 'ignore',
    env: WRANGLER_ENVIRONMENT,
    reject: false,
    all: true,
  });
  const id = /"?\bid"?\s*[:=]\s*"([^"]+)"/.exec(result.all ?? '')?.[1];
  if (result.exitCode === 0 && id !== undefined) return id;
  const why =
    result.exitCode === undefined
      ? 'wrangler was not found in the project'
      : errorSaid(result.all ?? '').replace(/\.$/, '') || `wrangler ended with ${result.exitCode}`;
  throw new PayloadKVError({
    code: 'NAMESPACE_NOT_CREATED',
    message: `The KV namespace ${title} was not created: ${why}.`,
    location: { file: config },
    nextStep: `No file was written. Run \`wrangler ${args.join(' ')}\` yourself, or leave --create-namespace out.`,
    cause: result,
  });
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../support/repository.js';

/** A fenced block of a document. */
export interface Block {
  /** `README.md:42`: where it begins. */
  place: string;
  language: string;
  code: string;
}

/** The documents that a reader is given. */
export const DOCUMENTS = [
  'README.md',
  'docs/commands.md',
  'docs/after-init.md',
  'docs/options.md',
  'docs/access.md',
  'docs/how-it-works.md',
  'docs/consistency.md',
  'docs/entries.md',
  'docs/invalidation.md',
  'docs/one-call.md',
  'docs/decorators.md',
  'docs/registries.md',
  'docs/memory.md',
  'docs/tiered.md',
  'docs/cloudflare-kv.md',
  'docs/keyv.md',
  'docs/metrics.md',
  'docs/pages.md',
  'docs/redis.md',
  'docs/cloudflare-kv-rest.md',
  'docs/security.md',
  'SECURITY.md',
];

/** The text of a document. */
export function readDocument(file: string): string {
  return readFileSync(path.join(repository, file), 'utf8');
}

/** All fenced blocks of the documents. */
export function blocks(): Block[] {
  return DOCUMENTS.flatMap((file) => {
    const text = readDocument(file);
    return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
      place: `${file}:${text.slice(0, match.index).split('\n').length}`,
      language: match[1] ?? '',
      code: match[2] ?? '',
    }));
  });
}

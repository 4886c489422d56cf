/** What may surprise in answers. */

import { parseDuration } from '../../duration.js';
import type { Project } from '../../inspect/project.js';
import type { Answers, CollectionAnswer, StoreName } from '../../plan/answers.js';
import type { CurrentAnswers } from '../../plan/wrapper/wrapper-answers.js';
import type { AnswerChanges } from '../../plan/wrapper/wrapper-edit.js';

/** Lowest TTL in seconds that Cloudflare KV knows. */
const KV_FLOOR = 60;

/** What may surprise in the answers, in words. */
export function answerNotices({ collections, globals, ttl, store }: Answers, project: Project): string[] {
  const ttls = [{ slug: 'the default', ttl }, ...collections, ...globals];
  return surprises({ collections, ttls, store, isNewStore: true }, project);
}

/** What may surprise in other answers, in words: nothing that was so before. */
export function changeNotices(
  { collections = [], ttl, ttlFor, store }: AnswerChanges,
  current: CurrentAnswers,
  project: Project,
): string[] {
  const isNewStore = store !== undefined && store !== current.store;
  const ttls = [
    { slug: 'the default', ttl: ttl ?? (isNewStore ? current.ttl : undefined) },
    ...[...ttlFor].map(([slug, own]) => ({ slug, ttl: own })),
  ];
  const added = collections.filter(({ slug }) => !current.collections.includes(slug));
  return surprises({ collections: added, ttls, store: store ?? current.store, isNewStore }, project);
}

interface Answered {
  collections: CollectionAnswer[];
  ttls: { slug: string; ttl?: string }[];
  store?: StoreName;
  isNewStore: boolean;
}

function surprises({ collections, ttls, store, isNewStore }: Answered, project: Project): string[] {
  const notices = collections
    .filter(({ allowAuth }) => allowAuth)
    .map(
      ({ slug }) =>
        `\`${slug}\` has auth and is cached without its secrets: no hidden field (hashes, salts, tokens, locks) and no session is kept, and whatever signs in asks the database.`,
    );
  const isOnWorkers = project.database.kind === 'd1' || project.configShape.cloudflareEnv !== undefined;
  if (store === 'memory' && isNewStore && isOnWorkers) {
    notices.push(
      'Memory is for one process. On Workers each isolate has its own and does not hear of writes in another: it may serve what was there before an edit until the TTL ends.',
    );
  }
  if (store !== 'cloudflare-kv') return notices;
  for (const { slug, ttl } of ttls) {
    if (ttl === undefined || parseDuration(ttl) >= KV_FLOOR) continue;
    notices.push(
      `TTL ${ttl} of ${slug}: Cloudflare KV keeps everything for 60 seconds at least, so such entries are paid for longer than they serve.`,
    );
  }
  if (isNewStore && !project.wrangler)
    notices.push('Cloudflare KV was chosen, and there is no wrangler config.');
  return notices;
}

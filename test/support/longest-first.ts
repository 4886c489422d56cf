import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take more than about ten seconds, the longest first: what begins last must be short, or a core is idle. But
 * for the one that comes first: it builds the site, for which others of `test/site` would have to wait.
 */
const LONGEST = [
  'site/site',
  'projects/projects',
  'differential/sqlite',
  'site/pages',
  'package/package-managers',
  'payload-versions/payload-versions',
  'differential/d1',
  'differential/postgres',
  'differential/fixtures',
  'people/people',
  'demo/demo',
  'e2e/init',
  'site/admin-view',
  'differential/sqlite-transactions',
  'plan/advice/advise',
  'e2e/exact',
  'e2e/sync',
  'e2e/measure',
  'stores/memory',
  'release/release',
  'e2e/registries',
  'package/pack',
  'differential/functions',
  'e2e/from-plugin',
  'fixtures/cloudflare',
  'stores/cloudflare-kv-rest-site',
  'responses/leak-matrix',
  'fixtures/blog',
  'responses/express',
  'stores/keyv',
  'workerd/single-flight',
  'package/size',
  'responses/purge',
  'stores/cloudflare-kv-rest',
  'docs/snippets',
  'docs/tutorials',
  'nestjs/soak',
  'docs/site',
  'cli/site-wrangler',
  'functions/lock-processes',
  'doctor/doctor',
  'fault/scenarios',
  'interleaving/mixed-policies',
  'functions/cached',
  'fault/registry',
  'doctor/remote',
  'apply/journal',
  'functions/attacks',
  'registries/database',
  'doctor/fix',
  'fault/redis',
  'docs/migrate',
  'observe/entries',
  'runtime/next/cache-handler',
  'cli/payload-run',
  'fault/store',
  'runtime/faults',
  'runtime/access',
  'functions/elsewhere',
  'runtime/entry-forms',
  'observe/events',
  'runtime/instances',
  'cli/wrangler-types',
  'cli/site-store',
  'interleaving/crash',
  'inspect/writing',
].map((name) => `/test/${name}.test.ts`);

/** Runs the longest files first, and those with a process of their own before those that share one. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId, project }: TestSpecification): number => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return (project.config.isolate ? 0 : LONGEST.length + 1) + (place < 0 ? LONGEST.length : place);
    };
    return [...files].sort((one, other) => placeOf(one) - placeOf(other));
  }
}

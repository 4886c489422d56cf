import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take more than about ten seconds, the longest first: what begins last must be short, or a core is idle. */
const LONGEST = [
  'site/site',
  'site/pages',
  'projects/projects',
  'payload-versions/payload-versions',
  'differential/d1',
  'e2e/init',
  'differential/sqlite',
  'e2e/registries',
  'interleaving/transaction',
  'differential/postgres',
  'inspect/writing',
  'interleaving/crash',
  'interleaving/mixed-policies',
  'people/people',
  'doctor/doctor',
  'apply/journal',
  'e2e/sync',
  'package/pack',
  'package/package-managers',
  'doctor/fix',
  'demo/demo',
  'e2e/measure',
  'e2e/exact',
  'fixtures/cloudflare',
  'fixtures/blog',
  'fault/redis',
  'fault/scenarios',
  'functions/cached',
  'differential/functions',
  'docs/snippets',
  'fault/store',
  'registries/database',
  'stores/memory',
  'fault/registry',
  'differential/fixtures',
  'runtime/faults',
  'cli/remove',
  'cli/init',
  'cli/forms',
  'runtime/entry-forms',
  'cli/create-namespace',
  'doctor/further-checks',
  'stores/cloudflare-kv-rest-site',
  'runtime/write-operation',
  'stores/redis',
  'stores/tiered-redis',
  'inspect/forms',
  'stores/keyv',
  'workerd/single-flight',
  'differential/sqlite-transactions',
  'runtime/directives',
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

/** Starts one project's Payload after the other, in a process that has loaded Payload once. */
import { pathToFileURL } from 'node:url';
import '../support/unsynced-sqlite.mjs';

process.on('message', async ({ bundle, root }: { bundle: string; root: string }) => {
  try {
    process.chdir(root);
    const { start } = (await import(pathToFileURL(bundle).href)) as { start: () => Promise<unknown> };
    process.send!({ ok: true, answer: await start() });
  } catch (error) {
    process.send!({ ok: false, error: String((error as Error)?.stack ?? error) });
  }
});

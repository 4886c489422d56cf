import { run } from './program.js';

// `payload-kv … | head`: who reads has read enough. What is being done is done to the end all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Set, not called: `process.exit` would cut off what is still on its way to a pipe.
process.exitCode = await run(process.argv.slice(2));

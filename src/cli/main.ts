import { run } from './program.js';

// Set, not called: `process.exit` would cut off what is still on its way to a pipe.
process.exitCode = await run(process.argv.slice(2));

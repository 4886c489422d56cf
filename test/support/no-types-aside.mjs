/**
 * While one develops, each Payload that starts has another process load the whole site once more and write its types,
 * which goes on after the first has ended. No test waits for it; where its directory is removed meanwhile, making a
 * directory there keeps it busy for ever.
 *
 * JavaScript, since Node loads it before anything that could compile it.
 */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

const { spawn } = childProcess;
const isAside = (args) => Array.isArray(args) && args.length === 2 && args[1] === 'generate:types';

childProcess.spawn = (command, args, ...rest) =>
  isAside(args) ? spawn('true', rest[0]) : spawn(command, args, ...rest);
syncBuiltinESMExports();

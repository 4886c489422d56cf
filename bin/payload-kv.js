#!/usr/bin/env node
import module from 'node:module';

// Node 22 and newer keep the compiled code between runs: most of a run's time is loading the parser.
module.enableCompileCache?.();
await import('../dist/cli/main.js');

#!/usr/bin/env node
// The executable: runs the command line with the streams and environment of this process.
import { runCommandLine } from './cli/program.js';
import { Terminal } from './cli/terminal.js';

await runCommandLine(process.argv.slice(2), new Terminal(process));

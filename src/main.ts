#!/usr/bin/env node
// argv -> cli.
import { describeFailure, err } from './cli/output/print.js';
import { createProgram } from './cli/program.js';

try {
  await createProgram().parseAsync();
} catch (error) {
  err(`sallyport: ${describeFailure(error)}`);
  process.exitCode = 1;
}

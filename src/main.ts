#!/usr/bin/env node
// argv -> cli.
import { err, sentenceOf } from './cli/print.js';
import { createProgram } from './cli/program.js';

try {
  await createProgram().parseAsync();
} catch (error) {
  err(`sallyport: ${sentenceOf(error)}`);
  process.exitCode = 1;
}

// `sallyport demo`: runs callers against a broker and a sandbox and checks each step. The exit code is 0 only if every
// step has the expected result.
import type { Command } from 'commander';
import { loadSandbox } from '../load-sandbox.js';
import type { Terminal } from '../terminal.js';

export function registerDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('show how proofs are exchanged for credentials, and which requests are denied')
    .action(async () => {
      const { createLog } = await import('../../telemetry/log.js');
      const { startSandboxedBroker } = await loadSandbox(() => import('../demo/sandboxed-broker.js'));
      const { runDemo } = await import('../demo/run-demo.js');
      const { renderDemo } = await import('../demo/render.js');
      const running = await startSandboxedBroker({ log: createLog('error', terminal.stderr) });
      try {
        const results = await runDemo({ broker: running.url, sandbox: running.sandbox });
        terminal.print(renderDemo(results, terminal.hasColors));
        if (results.every(({ asExpected }) => asExpected)) return;
        terminal.printError('Some steps did not have the expected result.');
        terminal.setExitCode(1);
      } finally {
        await running.close();
      }
    });
}

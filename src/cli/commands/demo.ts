// `sallyport demo`: real callers against a broker and a sandbox, each step checked. Exit code 0 only if all came out
// as expected.
import type { Command } from 'commander';
import { loadSandbox } from '../load-sandbox.js';
import { err, out } from '../output/print.js';

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('show the main job: proofs become credentials, and what is refused')
    .action(async () => {
      const { createLog } = await import('../../telemetry/log.js');
      const { startSandboxedBroker } = await loadSandbox(() => import('../demo/sandboxed-broker.js'));
      const { playDemo } = await import('../demo/play.js');
      const { renderDemo } = await import('../demo/render.js');
      const running = await startSandboxedBroker({ log: createLog('error') });
      try {
        const results = await playDemo({ broker: running.url, sandbox: running.sandbox });
        out(renderDemo(results, process.stdout.isTTY && !process.env['NO_COLOR']));
        if (results.every(({ asExpected }) => asExpected)) return;
        err('Not every step came out as expected.');
        process.exitCode = 1;
      } finally {
        await running.close();
      }
    });
}

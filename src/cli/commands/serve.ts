// `sallyport serve`: runs the broker in production. It does not load the sandbox.
import type { Command } from 'commander';
import type { LogLevel } from '../../core/ports.js';
import { CONFIG_DESCRIPTION, CONFIG_FLAGS, logLevelOption } from '../options/shared-options.js';
import { configErrorText } from '../output/errors.js';
import type { Terminal } from '../terminal.js';

/** Milliseconds for pending requests to finish after SIGTERM. Longer than an STS call with its retries. */
const SHUTDOWN_TIMEOUT_MS = 20_000;

export function registerServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('run the broker')
    .requiredOption(CONFIG_FLAGS, CONFIG_DESCRIPTION)
    .addOption(logLevelOption())
    .action(({ config, logLevel }: { config: string; logLevel: LogLevel }) =>
      serve(config, logLevel, terminal),
    );
}

async function serve(config: string, logLevel: LogLevel, terminal: Terminal): Promise<void> {
  const { default: closeWithGrace } = await import('close-with-grace');
  const { startBroker } = await import('../start-broker.js');
  const { createLog } = await import('../../telemetry/log.js');
  const log = createLog(logLevel, terminal.stderr);
  // Node.js prints warnings as plain text, which would corrupt the JSON log. Their text is not logged, like that of errors.
  process
    .removeAllListeners('warning')
    .on('warning', ({ name }) => log.warn({ warning: name }, 'Node.js warning'));
  const started = await startBroker(config, log, terminal.env);
  if (!started.ok) {
    terminal.printError(configErrorText(started.errors));
    terminal.setExitCode(1);
    return;
  }
  process.on('SIGHUP', () => void started.broker.reload());
  log.info({ url: started.url }, 'listening');
  closeWithGrace(
    { delay: SHUTDOWN_TIMEOUT_MS, logger: false, skip: ['SIGHUP'] },
    async ({ err: cause, signal }) => {
      if (cause) log.error({ err: cause }, 'stopping after an unhandled error');
      else log.info({ signal }, 'stopping');
      await started.broker.close();
    },
  );
}

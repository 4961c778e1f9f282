// `sallyport serve`: the production server. It loads nothing of the sandbox, and no other command loads it.
import { type Command, Option } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../../core/ports.js';
import { printConfigErrors } from '../output/print.js';

/** Milliseconds that requests under way get to finish after SIGTERM: longer than STS may take, with its retries. */
const GRACE = 20_000;

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('run the broker')
    .requiredOption('-c, --config <file>', 'the config file (YAML)')
    .addOption(
      new Option('--log-level <level>', 'what to log, on stderr').choices(LOG_LEVELS).default('info'),
    )
    .action(async ({ config, logLevel }: { config: string; logLevel: LogLevel }) => {
      const { default: closeWithGrace } = await import('close-with-grace');
      const { startBroker } = await import('../start-broker.js');
      const { createLog } = await import('../../telemetry/log.js');
      const log = createLog(logLevel);
      // Node's own warnings would be plain text between the log's lines. Their text is not logged, as no other is.
      process
        .removeAllListeners('warning')
        .on('warning', ({ name }) => log.warn({ warning: name }, 'Node.js warns'));
      const started = await startBroker(config, log);
      if (!started.ok) {
        printConfigErrors(started.errors);
        process.exitCode = 1;
        return;
      }
      process.on('SIGHUP', () => void started.broker.reload());
      log.info({ url: started.url }, 'listening');
      closeWithGrace({ delay: GRACE, logger: false, skip: ['SIGHUP'] }, async ({ err: cause, signal }) => {
        if (cause) log.error({ err: cause }, 'stopping after an error nobody handled');
        else log.info({ signal }, 'stopping');
        await started.broker.close();
      });
    });
}

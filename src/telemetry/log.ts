// The log: JSON lines on stderr, because stdout can be the audit log. Errors are reduced to name, code and stack frames:
// their messages may quote a request or a response.
import { type Logger, pino } from 'pino';
import type { Log, LogLevel } from '../core/ports.js';

const MAX_CAUSES = 5;

/** Name, code and stack frames of an error and its causes, without messages. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  // The stack starts with the message, whose lines could look like stack frames.
  const frames = (error.stack ?? '')
    .replace(error.message, () => '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    at: frames.slice(0, 4).map((line) => line.trim()),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  };
}

export function createLog(level: LogLevel, destination: NodeJS.WritableStream = process.stderr): Log {
  const logger: Logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error) => describeError(error) },
    },
    destination,
  );
  const method = (name: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) =>
    logger[name](fields, message);
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
}

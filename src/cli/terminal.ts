// The process as commands see it: streams, environment, exit code, and signals. No other file in this folder uses
// `process.stdout`, `process.stderr`, `process.env`, or `process.exitCode`, so tests can run commands in process.
import { homedir } from 'node:os';
import { styleText } from 'node:util';
import type { SignalSource } from '@sallyport/client/internal/run-until-stopped';

interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The part of `process` that commands use. Tests pass an object of their own. */
export interface CommandProcess extends SignalSource {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  readonly argv: readonly string[];
  exitCode?: number | string | null | undefined;
  exit(): void;
}

type TextStyle = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

/** Styles a text if stdout is a terminal. */
export type StyleFunction = (style: TextStyle, text: string) => string;

export class Terminal {
  readonly #process: CommandProcess;

  constructor(process: CommandProcess) {
    this.#process = process;
  }

  // `process.stdin` is opened when it is first read. Do not read it in the constructor: `exec` passes it to its child.
  get stdin(): CommandProcess['stdin'] {
    return this.#process.stdin;
  }

  get stdout(): OutputStream {
    return this.#process.stdout;
  }

  get stderr(): OutputStream {
    return this.#process.stderr;
  }

  get env(): NodeJS.ProcessEnv {
    return this.#process.env;
  }

  /** The script that Node.js runs, for command lines that call this program. */
  get script(): string {
    return this.#process.argv[1] ?? '';
  }

  get homeFolder(): string {
    const home = process.platform === 'win32' ? this.env['USERPROFILE'] : this.env['HOME'];
    return home ?? homedir();
  }

  /** Prints a result on stdout, with a newline. */
  print(text: string): void {
    this.stdout.write(`${text}\n`);
  }

  /** Prints a message on stderr, with a newline. */
  printError(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  /** True if stdout is a terminal and NO_COLOR is not set (no-color.org). */
  get hasColors(): boolean {
    return this.stdout.isTTY === true && !this.env['NO_COLOR'];
  }

  readonly style: StyleFunction = (style, text) => (this.hasColors ? styleText(style, text) : text);

  /** Reads stdin to its end. */
  async readStdin(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }

  setExitCode(code: number): void {
    this.#process.exitCode = code;
  }

  /** Delivers signals that stop a command, for `runUntilStopped`. */
  get signals(): SignalSource {
    return this.#process;
  }

  /** Ends the process without waiting for pending requests and timers. Call it last. */
  exit(): void {
    this.#process.exit();
  }
}

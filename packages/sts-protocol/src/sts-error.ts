// A refusal as STS words it.

interface FaultOptions {
  /** Who is to blame, as the XML's Type says. */
  readonly type?: 'Sender' | 'Receiver';
  /** Dispatch errors are answered in a namespace of their own. */
  readonly dispatch?: boolean;
}

export class StsError extends Error {
  override readonly name = 'StsFault';
  readonly code: string;
  readonly status: number;
  /** Undefined where STS answers without a Message element. */
  readonly text: string | undefined;
  readonly type: 'Sender' | 'Receiver';
  readonly dispatch: boolean;

  constructor(status: number, code: string, text: string | undefined, options: FaultOptions = {}) {
    super(text ?? code);
    this.status = status;
    this.code = code;
    this.text = text;
    this.type = options.type ?? 'Sender';
    this.dispatch = options.dispatch ?? false;
  }
}

export const validationError = (text: string) => new StsError(400, 'ValidationError', text);
export const malformedInput = (text?: string) => new StsError(400, 'MalformedInput', text);

/** Characters of a value that a refusal repeats. */
const MAX_SHOWN = 128;

/** A value as a refusal repeats it: what is longer may be a token in the wrong place, or be meant to make the answer long. */
export const truncated = (value: string) =>
  value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}...` : value;

/** There is no such action, or not in this version of the API: none was found to dispatch to. */
export const invalidAction = (action: string, version: string | undefined) =>
  new StsError(
    400,
    'InvalidAction',
    `Could not find operation ${truncated(action)} for version ${truncated(version ?? 'NO_VERSION_SPECIFIED')}`,
    { dispatch: true },
  );

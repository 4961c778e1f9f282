// The errors of STS.

interface StsErrorOptions {
  /** The element Type: whether the client or the service caused the error. */
  readonly type?: 'Sender' | 'Receiver';
  /** Dispatch errors have an XML namespace of their own. */
  readonly dispatch?: boolean;
}

export class StsError extends Error {
  override readonly name = 'StsError';
  readonly code: string;
  readonly status: number;
  /** The element Message. Undefined if the response has none. */
  readonly text: string | undefined;
  readonly type: 'Sender' | 'Receiver';
  readonly dispatch: boolean;

  constructor(status: number, code: string, text: string | undefined, options: StsErrorOptions = {}) {
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

/** Maximum number of characters of a value in a message. */
const MAX_SHOWN = 128;

/** A value for a message. A longer value can be a token in the wrong parameter, or an attempt to inflate the response. */
export const truncate = (value: string) =>
  value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}...` : value;

/** The action does not exist in this version of the API. */
export const invalidAction = (action: string, version: string | undefined) =>
  new StsError(
    400,
    'InvalidAction',
    `Could not find operation ${truncate(action)} for version ${truncate(version ?? 'NO_VERSION_SPECIFIED')}`,
    { dispatch: true },
  );

// A refusal as STS words it. Codes, statuses and texts are AWS's; where AWS's text is not known a comment at the
// place of use says so.

interface FaultOptions {
  /** Who is to blame, as the XML's Type says. */
  readonly type?: 'Sender' | 'Receiver';
  /** Dispatch errors are answered in a namespace of their own. */
  readonly dispatch?: boolean;
}

export class StsFault extends Error {
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

export const validationError = (text: string) => new StsFault(400, 'ValidationError', text);
export const invalidParameterValue = (text: string) => new StsFault(400, 'InvalidParameterValue', text);
export const malformedInput = (text?: string) => new StsFault(400, 'MalformedInput', text);
export const malformedPolicy = (text: string) => new StsFault(400, 'MalformedPolicyDocument', text);
export const accessDenied = (text: string) => new StsFault(403, 'AccessDenied', text);
export const invalidIdentityToken = (text: string) => new StsFault(400, 'InvalidIdentityToken', text);
export const expiredIdentityToken = (text: string) => new StsFault(400, 'ExpiredTokenException', text);
export const signatureDoesNotMatch = (text: string) => new StsFault(403, 'SignatureDoesNotMatch', text);

export const invalidClientTokenId = () =>
  new StsFault(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');

/** What AWS has and the sandbox has not. AWS never answers this. */
export const notImplemented = (what: string) =>
  new StsFault(501, 'NotImplemented', `The sandbox STS does not implement ${what}.`, { type: 'Receiver' });

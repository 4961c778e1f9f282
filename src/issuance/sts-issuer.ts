// Issues credentials by calling AWS STS: picks the operation of the role, with one file each in operations/. For a
// console sign-in, the credentials become a sign-in URL as well.

import { SallyportError } from '../core/errors.js';
import { omitUndefined } from '../core/omit-undefined.js';
import type { IssuedCredentials, IssueRequest } from '../core/types.js';
import type { ConsoleSignIn } from './console/console-sign-in.js';
import type { TokenSigner } from './oidc-issuer/token-signer.js';
import { assumeRole } from './operations/assume-role.js';
import { assumeRoleWithSAML } from './operations/assume-role-with-saml.js';
import { assumeRoleKeyless, assumeRoleWithWebIdentity } from './operations/assume-role-with-web-identity.js';
import { getFederationToken } from './operations/get-federation-token.js';
import { getSessionToken } from './operations/get-session-token.js';
import type { Sts } from './sts/sts.js';

/** The part of `Sts` that issuing needs. */
export type StsForIssuing = Pick<
  Sts,
  | 'assumeRole'
  | 'assumeRoleWithSAML'
  | 'assumeRoleWithWebIdentity'
  | 'getFederationToken'
  | 'getSessionToken'
  | 'hasTemporaryCredentials'
  | 'defaultDeadline'
>;

export interface StsIssuerOptions {
  readonly sts: StsForIssuing;
  readonly consoleSignIn: ConsoleSignIn;
  /** Absent without `webIdentity` in the config; then no role needs it. */
  readonly tokenSigner?: Pick<TokenSigner, 'sign'> | undefined;
}

export class StsIssuer {
  readonly #sts: StsForIssuing;
  readonly #consoleSignIn: ConsoleSignIn;
  readonly #tokenSigner: Pick<TokenSigner, 'sign'> | undefined;

  constructor({ sts, consoleSignIn, tokenSigner }: StsIssuerOptions) {
    this.#sts = sts;
    this.#consoleSignIn = consoleSignIn;
    this.#tokenSigner = tokenSigner;
  }

  /** @throws SallyportError */
  async issue(request: IssueRequest): Promise<IssuedCredentials> {
    const { console } = request.decision;
    if (!console) return this.#callSts(request);
    await this.#consoleSignIn.checkSessionDuration(request, console);
    const issued = await this.#callSts(request);
    return { ...issued, signin: await this.#consoleSignIn.signIn(request, console, issued) };
  }

  async #callSts({ principal, decision, proof, mfa, deadline }: IssueRequest): Promise<IssuedCredentials> {
    const { target, session, region } = decision;
    const sts = this.#sts;
    // One deadline for all calls of a role chain.
    const options = { deadline: deadline ?? sts.defaultDeadline(), ...omitUndefined({ region }) };
    switch (target.operation) {
      case 'AssumeRole':
        return assumeRole(sts, target, session, mfa, options);
      case 'AssumeRoleWithSAML':
        return assumeRoleWithSAML(sts, target, session, proof.value, options);
      case 'AssumeRoleWithWebIdentity': {
        if (target.webIdentity === 'caller')
          return assumeRoleWithWebIdentity(sts, target, session, proof.value, options);
        const signer = this.#tokenSigner;
        if (!signer) throw new SallyportError('internal', { reason: 'web_identity.no_keys' });
        return assumeRoleKeyless(sts, target, session, await signer.sign({ principal, decision }), options);
      }
      case 'GetFederationToken':
        return getFederationToken(sts, session, options);
      case 'GetSessionToken':
        return getSessionToken(sts, session, mfa, options);
    }
  }
}

// Order -> Issued: picks the operation's file. One file for each STS operation.
import type { Issue } from '../core/ports.js';
import { assumeRole } from './assume-role.js';
import { assumeRoleWithSAML } from './assume-role-with-saml.js';
import { assumeRoleWithWebIdentity } from './assume-role-with-web-identity.js';
import { getFederationToken } from './get-federation-token.js';
import { getSessionToken } from './get-session-token.js';
import type { StsClient } from './sts-client.js';

export function createIssue(sts: StsClient): Issue {
  return async ({ decision: { target, session }, proof, mfa }) => {
    switch (target.operation) {
      case 'AssumeRole':
        return assumeRole(sts, target, session, mfa);
      case 'AssumeRoleWithSAML':
        return assumeRoleWithSAML(sts, target, session, proof.value);
      case 'AssumeRoleWithWebIdentity':
        return assumeRoleWithWebIdentity(sts, target, session, proof.value);
      case 'GetFederationToken':
        return getFederationToken(sts, session);
      case 'GetSessionToken':
        return getSessionToken(sts, session, mfa);
    }
  };
}

// Decision -> Issued: picks the operation's file. One file for each STS operation.
import type { Issue } from '../core/ports.js';
import { assumeRoleWithSAML } from './assume-role-with-saml.js';
import { assumeRoleWithWebIdentity } from './assume-role-with-web-identity.js';
import { getFederationToken } from './get-federation-token.js';
import type { StsClient } from './sts-client.js';

export function createIssue(sts: StsClient): Issue {
  return async ({ target, session }, proof) => {
    switch (target.operation) {
      case 'AssumeRoleWithSAML':
        return assumeRoleWithSAML(sts, target, session, proof.value);
      case 'AssumeRoleWithWebIdentity':
        return assumeRoleWithWebIdentity(sts, target, session, proof.value);
      case 'GetFederationToken':
        return getFederationToken(sts, session);
    }
  };
}

// Order -> Issued: picks the operation's file. One file for each STS operation.
import { SallyportError } from '../core/errors.js';
import type { Issue, SignWebIdentity } from '../core/ports.js';
import { assumeRole } from './operations/assume-role.js';
import { assumeRoleKeyless } from './operations/assume-role-keyless.js';
import { assumeRoleWithSAML } from './operations/assume-role-with-saml.js';
import { assumeRoleWithWebIdentity } from './operations/assume-role-with-web-identity.js';
import { getFederationToken } from './operations/get-federation-token.js';
import { getSessionToken } from './operations/get-session-token.js';
import type { Sts } from './sts/open-sts.js';

/** Without `sign` there are no roles that need it: the config would have a fault. */
export function createIssue({ client }: Pick<Sts, 'client'>, sign: SignWebIdentity = cannotSign): Issue {
  return async (order) => {
    const { decision, proof, mfa, deadline } = order;
    const { target, session, region } = decision;
    const sts = client({
      ...(region !== undefined && { region }),
      ...(deadline !== undefined && { deadline }),
    });
    switch (target.operation) {
      case 'AssumeRole':
        return assumeRole(sts, target, session, mfa);
      case 'AssumeRoleWithSAML':
        return assumeRoleWithSAML(sts, target, session, proof.value);
      case 'AssumeRoleWithWebIdentity':
        return target.webIdentity === 'broker'
          ? assumeRoleKeyless(sts, target, session, await sign(order))
          : assumeRoleWithWebIdentity(sts, target, session, proof.value);
      case 'GetFederationToken':
        return getFederationToken(sts, session);
      case 'GetSessionToken':
        return getSessionToken(sts, session, mfa);
    }
  };
}

async function cannotSign(): Promise<never> {
  throw new SallyportError('internal', { reason: 'web_identity.no_keys' });
}

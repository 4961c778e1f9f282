// AssumeRoleWithSAML: a session for the holder of an assertion of a SAML provider that the role trusts. Not signed.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html

import type { ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { findRole, type Iam, type SamlProvider } from '../../iam/model.js';
import { authorizeFederated } from '../authorize.js';
import type { Call } from '../call.js';
import { accessDenied, invalidIdentityToken } from '../errors.js';
import { checkArn, issueRoleSession, roleSessionDuration } from '../role-session.js';
import type { Assertion } from '../saml/assertion.js';
import {
  offersRole,
  roleSessionName,
  samlSourceIdentity,
  samlTags,
  sessionDuration,
} from '../saml/attributes.js';
import { nameQualifier, samlConditionKeys, subjectType } from '../saml/condition-keys.js';
import { verifyAssertion } from '../saml/verify.js';
import { readSessionPolicy } from '../session-policy.js';

const ACTION = 'sts:AssumeRoleWithSAML';

export async function assumeRoleWithSaml(call: Call<ParametersOf<'AssumeRoleWithSAML'>>): Promise<Result> {
  const { parameters, iam, now } = call;
  checkArn(parameters.RoleArn);
  checkArn(parameters.PrincipalArn);
  const policy = readSessionPolicy(parameters);
  const provider = findSamlProvider(iam, parameters.PrincipalArn);
  if (!provider) throw invalidIdentityToken("Specified provider doesn't exist");
  const { assertion, recipient } = verifyAssertion(parameters.SAMLAssertion, provider, now);
  if (!offersRole(assertion, parameters.RoleArn, provider.arn)) {
    throw accessDenied(`Not authorized to perform ${ACTION}`);
  }
  const sessionName = roleSessionName(assertion);
  const { tags, transitiveKeys } = samlTags(assertion);
  const sourceIdentity = samlSourceIdentity(assertion);
  const keys = samlConditionKeys(assertion, provider, recipient);
  const role = authorizeFederated(call, {
    action: ACTION,
    role: findRole(iam, parameters.RoleArn),
    providerArn: provider.arn,
    providerKeys: keys.all,
    session: { roleSessionName: sessionName, tags, transitiveTagKeys: transitiveKeys, ...sourceIdentity },
  });
  const requestedSeconds = roleSessionDuration(parameters.DurationSeconds, role, false);
  const session = issueRoleSession(
    call.tokens,
    {
      role,
      sessionName,
      durationSeconds: limitDuration(requestedSeconds, assertion, now),
      tags,
      transitiveTagKeys: transitiveKeys,
      ...sourceIdentity,
      policy,
      conditionKeys: keys.session,
    },
    now,
  );
  return {
    Issuer: assertion.issuer,
    ...session,
    // AWS returns the Recipient here, not the AudienceRestriction.
    Audience: recipient,
    SubjectType: subjectType(assertion),
    Subject: assertion.subject,
    NameQualifier: nameQualifier(assertion, provider),
  };
}

function findSamlProvider(iam: Iam, arn: string): SamlProvider | undefined {
  const account = iam.accounts.get(arn.split(':')[4] ?? '');
  return [...(account?.samlProviders.values() ?? [])].find((provider) => provider.arn === arn);
}

/** SessionDuration and SessionNotOnOrAfter can only shorten the requested duration. */
function limitDuration(requested: number, assertion: Assertion, now: Date): number {
  const end = assertion.sessionNotOnOrAfter;
  const untilEnd = end ? Math.floor(end.getTime() / 1000) - Math.floor(now.getTime() / 1000) : requested;
  return Math.min(requested, sessionDuration(assertion) ?? requested, untilEnd);
}

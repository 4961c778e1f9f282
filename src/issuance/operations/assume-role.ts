// AssumeRole: signed by the broker itself, directly or through a chain of roles. Transitive tags and source identity are
// set by the first call and inherited by the rest of the chain: STS refuses to set those tags again.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
import { MAX_CHAINED_SESSION_SECONDS, MIN_SESSION_SECONDS } from '@sallyport/sts-protocol/constraints';
import { accountOfArn } from '../../core/arn.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import type { ChainedRole, IssuedCredentials, MfaCode, Session, Target } from '../../core/types.js';
import type { Sts, StsCallOptions } from '../sts/sts.js';
import type { Signer } from '../sts/sts-call.js';
import { mfaParameters, sessionParameters, tagParameters, toIssuedCredentials } from './sts-response.js';

/** Assumes every role of the chain for each session. Only the last role's credentials are returned. */
export async function assumeRole(
  sts: Pick<Sts, 'assumeRole' | 'hasTemporaryCredentials'>,
  target: Extract<Target, { operation: 'AssumeRole' }>,
  session: Session,
  mfa: MfaCode | undefined,
  options: StsCallOptions,
): Promise<IssuedCredentials> {
  const { transitiveTags = [], tags = {}, sourceIdentity } = session;
  const allTags = Object.entries(tags);
  const firstCallParameters = {
    ...tagParameters(allTags.filter(([key]) => transitiveTags.includes(key))),
    ...(transitiveTags.length > 0 && { TransitiveTagKeys: [...transitiveTags] }),
    ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    ...mfaParameters(mfa),
  };
  const roleParameters = ({ roleArn, externalId }: ChainedRole) => ({
    RoleArn: roleArn,
    RoleSessionName: session.name,
    ...(externalId !== undefined && { ExternalId: externalId }),
  });

  let signer: Signer | undefined;
  for (const role of target.chain) {
    const input = {
      ...roleParameters(role),
      ...(!signer && firstCallParameters),
      DurationSeconds: MIN_SESSION_SECONDS,
    };
    const output = await sts.assumeRole(input, { ...options, ...omitUndefined({ signer }) });
    const { credentials } = toIssuedCredentials(output);
    signer = { credentials, account: accountOfArn(role.roleArn) };
  }

  const isChained = signer !== undefined || (await sts.hasTemporaryCredentials(options));
  const durationSeconds = isChained
    ? Math.min(session.durationSeconds, MAX_CHAINED_SESSION_SECONDS)
    : session.durationSeconds;
  const ownTags = signer ? allTags.filter(([key]) => !transitiveTags.includes(key)) : allTags;
  const output = await sts.assumeRole(
    {
      ...roleParameters(target),
      ...(!signer && firstCallParameters),
      ...tagParameters(ownTags),
      ...sessionParameters({ ...session, durationSeconds }),
    },
    { ...options, ...omitUndefined({ signer }) },
  );
  const isCapped = durationSeconds < session.durationSeconds;
  return { ...toIssuedCredentials(output), ...(isCapped && { durationLimitedBy: 'chain' }) };
}

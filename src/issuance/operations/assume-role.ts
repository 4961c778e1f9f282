// AssumeRole: a role taken on with the broker's own identity, straight or through a chain of roles. Transitive tags and
// source identity are set at the first step and inherited from there on: STS refuses to be told those tags again.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
import { accountOfArn } from '../../core/arn.js';
import type { IssuedCredentials, MfaCode, Session, Target } from '../../core/types.js';
import type { Signer, StsClient } from '../sts/client.js';
import { mfaParameters, sharedParameters, tagList, toIssuedCredentials } from './sts-response.js';

/** Seconds. STS's limit for a role that is taken on with the credentials of another session. */
const CHAIN_LIMIT = 3600;

/** Seconds, the least there is: a role on the way is used at once. */
const HOP_SECONDS = 900;

/** The chain is walked anew for each session; only the last step's credentials leave this function. */
export async function assumeRole(
  sts: StsClient,
  target: Extract<Target, { operation: 'AssumeRole' }>,
  session: Session,
  mfa: MfaCode | undefined,
): Promise<IssuedCredentials> {
  const { transitiveTags = [], tags = {}, sourceIdentity } = session;
  const all = Object.entries(tags);
  const ofTheFirst = {
    ...tagList(all.filter(([key]) => transitiveTags.includes(key))),
    ...(transitiveTags.length > 0 && { TransitiveTagKeys: [...transitiveTags] }),
    ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    ...mfaParameters(mfa),
  };
  const parameters = ({ roleArn, externalId }: (typeof target.chain)[number]) => ({
    RoleArn: roleArn,
    RoleSessionName: session.name,
    ...(externalId !== undefined && { ExternalId: externalId }),
  });

  let before: Signer | undefined;
  for (const hop of target.chain) {
    const input = { ...parameters(hop), ...(!before && ofTheFirst), DurationSeconds: HOP_SECONDS };
    const { credentials } = toIssuedCredentials(await sts.assumeRole(input, before));
    before = { credentials, account: accountOfArn(hop.roleArn) };
  }
  const durationSeconds =
    before || (await sts.hasTemporaryCredentials())
      ? Math.min(session.durationSeconds, CHAIN_LIMIT)
      : session.durationSeconds;
  const ownTags = before ? all.filter(([key]) => !transitiveTags.includes(key)) : all;
  const answer = await sts.assumeRole(
    {
      ...parameters(target),
      ...(!before && ofTheFirst),
      ...tagList(ownTags),
      ...sharedParameters({ ...session, durationSeconds }),
    },
    before,
  );
  const capped = durationSeconds < session.durationSeconds;
  return { ...toIssuedCredentials(answer), ...(capped && { durationLimitedBy: 'chain' }) };
}

// The session behind the credentials of a demo step, as STS sees it.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { StsServer } from '@sallyport/sandbox/internal/sts/server';
import { tagsOfClaims } from '@sallyport/sandbox/internal/sts/web-identity-tags';
import { decodeJwt } from 'jose';
import type { DemoResponse } from './request-credentials.js';

/** The request with which STS issued the credentials. */
type StsRequest = StsServer['requests'][number];

/** The ARN of the session, then its session tags and source identity if it has any. */
export async function describeSession(
  sts: StsServer,
  issuing: StsRequest | undefined,
  response: DemoResponse,
  credentials: NonNullable<DemoResponse['Credentials']>,
): Promise<string> {
  return [await callerIdentity(sts.url, credentials), ...sessionAttributes(issuing, response)].join(', ');
}

/** The session tags in the broker's token, and the source identity. */
function sessionAttributes(
  issuing: StsRequest | undefined,
  { SourceIdentity }: DemoResponse,
): readonly string[] {
  const token = issuing?.parameters['WebIdentityToken'];
  const tags = token === undefined ? [] : Object.entries(tagsOfClaims(decodeJwt(token)).tags);
  return [
    ...(tags.length > 0 ? [`tags ${tags.map(([key, value]) => `${key}=${value}`).join(' ')}`] : []),
    ...(SourceIdentity === undefined ? [] : [`SourceIdentity=${SourceIdentity}`]),
  ];
}

/** Calls GetCallerIdentity with the credentials. */
async function callerIdentity(
  endpoint: string,
  credentials: NonNullable<DemoResponse['Credentials']>,
): Promise<string> {
  const client = new STSClient({
    region: 'eu-west-1',
    endpoint,
    credentials: {
      accessKeyId: credentials.AccessKeyId,
      secretAccessKey: credentials.SecretAccessKey,
      sessionToken: credentials.SessionToken,
    },
  });
  try {
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    return Arn ?? 'no identity';
  } catch (error) {
    return `unusable: ${error instanceof Error ? error.name : 'unknown error'}`;
  } finally {
    client.destroy();
  }
}

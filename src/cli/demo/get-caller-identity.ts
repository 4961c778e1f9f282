// Whom STS sees behind the credentials of the demo, and what a token that the broker signed told it about them.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { StsServer } from '@sallyport/sandbox/internal/sts/server';
import { tagsOfClaims } from '@sallyport/sandbox/internal/sts/web-identity-tags';
import { decodeJwt } from 'jose';

/** The request that STS answered with the credentials. */
type StsRequest = StsServer['requests'][number];

/** What the broker answered: the credentials' JSON, or a problem document. */
export interface Answer {
  readonly Credentials?: {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
    readonly Expiration: string;
  };
  readonly SourceIdentity?: string;
  readonly status?: number;
  readonly code?: string;
}

/** The ARN behind the credentials, then session tags and source identity where there are any. */
export async function whatStsSays(
  sts: StsServer,
  issuing: StsRequest | undefined,
  answer: Answer,
  credentials: NonNullable<Answer['Credentials']>,
): Promise<string> {
  return [await callerIdentity(sts.url, credentials), ...sessionOf(issuing, answer)].join(', ');
}

/** The session tags and the source identity that STS took from a token, if there were any. */
function sessionOf(issuing: StsRequest | undefined, { SourceIdentity }: Answer): readonly string[] {
  const token = issuing?.parameters['WebIdentityToken'];
  const tags = token === undefined ? [] : Object.entries(tagsOfClaims(decodeJwt(token)).tags);
  return [
    ...(tags.length > 0 ? [`tags ${tags.map(([key, value]) => `${key}=${value}`).join(' ')}`] : []),
    ...(SourceIdentity === undefined ? [] : [`SourceIdentity=${SourceIdentity}`]),
  ];
}

/** Uses the credentials: who does STS say they are? */
async function callerIdentity(
  endpoint: string,
  credentials: NonNullable<Answer['Credentials']>,
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

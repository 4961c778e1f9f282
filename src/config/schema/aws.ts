// The section `aws`: which STS endpoints the broker calls, the failover regions, the deadline and the broker's own keys.
import { type Static, Type } from 'typebox';
import { seconds } from '../../core/duration.js';
import { closed, Duration, REGION_PATTERN } from './primitives.js';

export const Aws = Type.Object(
  {
    region: Type.String({
      pattern: REGION_PATTERN,
      description: 'AWS Region whose STS endpoint the broker calls, for example eu-west-1.',
    }),
    failoverRegions: Type.Optional(
      Type.Array(Type.String({ pattern: REGION_PATTERN }), {
        minItems: 1,
        maxItems: 5,
        uniqueItems: true,
        description:
          '1 to 5 Regions that the broker tries in this order while STS in `aws.region` is unavailable. Default: none.',
      }),
    ),
    endpoint: Type.Optional(
      Type.String({
        pattern: '^https?://',
        description:
          'URL of the STS endpoint in `aws.region`, for example of a VPC endpoint. The environment variable AWS_ENDPOINT_URL_STS sets the endpoint of every Region. Default: the regional endpoint of AWS.',
      }),
    ),
    endpoints: Type.Optional(
      Type.Record(Type.String({ pattern: REGION_PATTERN }), Type.String({ pattern: '^https?://' }), {
        ...closed,
        description: 'URLs of the STS endpoints in other Regions, by Region.',
      }),
    ),
    signinEndpoint: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s?#@]+$',
        description:
          "URL of the AWS sign-in federation endpoint that creates console URLs. Default: the endpoint of the role's Region.",
      }),
    ),
    fips: Type.Optional(
      Type.Boolean({
        description:
          'Call the FIPS endpoints of STS, which not every Region has. Default: the environment variable AWS_USE_FIPS_ENDPOINT, otherwise false.',
      }),
    ),
    dualStack: Type.Optional(
      Type.Boolean({
        description:
          'Call the dual-stack (IPv4 and IPv6) endpoints of STS. Default: the environment variable AWS_USE_DUALSTACK_ENDPOINT, otherwise false.',
      }),
    ),
    deadline: Type.Optional(
      Duration(
        'Longest time for one credential request, including retries and failover: 1s to 1m. Default: 10s.',
      ),
    ),
    strictDuration: Type.Optional(
      Type.Boolean({
        description:
          'Refuse credentials that STS issues for more than five minutes longer than decided, as STS-compatible servers do that ignore DurationSeconds. With false they are returned with DurationLimitedBy sts. Default: true.',
      }),
    ),
    credentials: Type.Optional(
      Type.Object(
        {
          accessKeyId: Type.String({ minLength: 16, description: 'Access key ID of the IAM user.' }),
          secretAccessKey: Type.String({
            minLength: 1,
            description: 'Secret access key. Use ${env:NAME} or ${file:PATH}.',
          }),
          sessionToken: Type.Optional(
            Type.String({
              minLength: 1,
              description:
                'Session token, if the keys are temporary. Temporary keys work only for AssumeRole and only until they expire.',
            }),
          ),
        },
        {
          ...closed,
          description:
            "The broker's own AWS keys, for AssumeRole, GetFederationToken and GetSessionToken. Default: the default credential provider chain of the AWS SDK.",
        },
      ),
    ),
  },
  { ...closed, description: 'How the broker calls AWS STS.' },
);
export type AwsConfig = Static<typeof Aws>;

/** `aws.deadline` in milliseconds. */
export const deadlineMs = ({ deadline = '10s' }: AwsConfig): number => seconds(deadline) * 1000;

/** The STS endpoints that the config sets, by Region. */
export const customEndpoints = ({
  region,
  endpoint,
  endpoints,
}: AwsConfig): Readonly<Record<string, string>> => ({
  ...endpoints,
  ...(endpoint !== undefined && { [region]: endpoint }),
});

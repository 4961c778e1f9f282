// Which STS is asked, where else when it is away, and how long a caller waits.
import { type Static, Type } from 'typebox';
import { seconds } from '../../core/duration.js';
import { closed, Duration, REGION_PATTERN } from './primitives.js';

export const Aws = Type.Object(
  {
    region: Type.String({
      pattern: REGION_PATTERN,
      description: 'Region whose STS endpoint is called, e.g. eu-west-1.',
    }),
    failoverRegions: Type.Optional(
      Type.Array(Type.String({ pattern: REGION_PATTERN }), {
        minItems: 1,
        maxItems: 5,
        uniqueItems: true,
        description: 'Regions that are asked in turn while STS in aws.region is away.',
      }),
    ),
    endpoint: Type.Optional(
      Type.String({
        pattern: '^https?://',
        description:
          'Another STS endpoint in aws.region, e.g. of a VPC, instead of the regional one. AWS_ENDPOINT_URL_STS does the same for every region.',
      }),
    ),
    endpoints: Type.Optional(
      Type.Record(Type.String({ pattern: REGION_PATTERN }), Type.String({ pattern: '^https?://' }), {
        ...closed,
        description: 'The same for other regions, by region.',
      }),
    ),
    signinEndpoint: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s?#@]+$',
        description:
          "URL of another federation endpoint of AWS sign-in, for console URLs. Default: that of the role's region.",
      }),
    ),
    fips: Type.Optional(
      Type.Boolean({
        description:
          'Call the FIPS endpoints. Not every region has one. Default: AWS_USE_FIPS_ENDPOINT, else false.',
      }),
    ),
    dualStack: Type.Optional(
      Type.Boolean({
        description:
          'Call the endpoints that have IPv6 too. Default: AWS_USE_DUALSTACK_ENDPOINT, else false.',
      }),
    ),
    deadline: Type.Optional(
      Duration(
        'How long a request for credentials may take, with all retries and other regions: 1s to 1m. Default 10s.',
      ),
    ),
    credentials: Type.Optional(
      Type.Object(
        {
          accessKeyId: Type.String({ minLength: 16, description: 'Of the IAM user.' }),
          secretAccessKey: Type.String({
            minLength: 1,
            description: 'Write ${env:NAME} or ${file:PATH} here.',
          }),
          sessionToken: Type.Optional(
            Type.String({
              minLength: 1,
              description: 'Of temporary keys: good for AssumeRole alone, and until they expire.',
            }),
          ),
        },
        {
          ...closed,
          description:
            "The broker's own IAM user keys, for AssumeRole, GetFederationToken and GetSessionToken. Default: the AWS SDK's usual sources.",
        },
      ),
    ),
  },
  { ...closed, description: 'Which STS is asked.' },
);
export type AwsConfig = Static<typeof Aws>;

/** Milliseconds. */
export const deadlineMs = ({ deadline = '10s' }: AwsConfig): number => seconds(deadline) * 1000;

/** Endpoints that are not the regional ones, by region. */
export const customEndpoints = ({
  region,
  endpoint,
  endpoints,
}: AwsConfig): Readonly<Record<string, string>> => ({
  ...endpoints,
  ...(endpoint !== undefined && { [region]: endpoint }),
});

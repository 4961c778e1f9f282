// Checks Regions, endpoints and ARNs: values that STS or the SDK would refuse in every call, and endpoints to which proofs
// must not be sent.
import { isSecureUrl } from '@sallyport/client/internal/secure-url';
import { partitionOfArn, partitionOfRegion } from '../../core/arn.js';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { type AwsConfig, customEndpoints } from '../schema/aws.js';
import type { Config } from '../schema/config.js';

/** A value with its place in the config. */
type Setting<T> = readonly [path: ConfigPath, value: T];

/** `regionKnown`: aws.region is the one in the file, not a placeholder, so that other values can be checked against it. */
export function checkAws(config: Config, regionKnown: boolean): readonly ConfigError[] {
  const { aws } = config;
  return [
    ...checkEndpoints(aws),
    ...checkDeadline(aws),
    ...(regionKnown ? [...checkRegions(config), ...checkArns(config)] : []),
  ];
}

function checkEndpoints(aws: AwsConfig): readonly ConfigError[] {
  const { region, endpoint, endpoints = {}, signinEndpoint, fips, dualStack } = aws;
  const stsEndpoints: Setting<string>[] = [
    ...(endpoint === undefined ? [] : ([[['aws', 'endpoint'], endpoint]] satisfies Setting<string>[])),
    ...Object.entries(endpoints).map(([name, url]): Setting<string> => [['aws', 'endpoints', name], url]),
  ];
  const signinEndpoints: Setting<string>[] =
    signinEndpoint === undefined ? [] : [[['aws', 'signinEndpoint'], signinEndpoint]];
  const invalid = [...stsEndpoints, ...signinEndpoints]
    .filter(([, url]) => !isEndpoint(url))
    .map(([path]) => ({
      path,
      message:
        'Must be an https URL without user, query or fragment, because proofs and credentials are sent there. On loopback it can be http.',
    }));
  const isDuplicate = endpoint !== undefined && endpoints[region] !== undefined;
  const endpointOptions = (['fips', 'dualStack'] as const).filter((key) =>
    key === 'fips' ? fips : dualStack,
  );
  return [
    ...invalid,
    ...(isDuplicate
      ? [
          {
            path: ['aws', 'endpoints', region],
            message: 'aws.endpoint already sets the endpoint of this Region. Remove one of them.',
          },
        ]
      : []),
    ...(stsEndpoints.length === 0 ? [] : endpointOptions).map((key) => ({
      path: ['aws', key],
      message: `aws.${key} has no effect on custom endpoints. Remove it, or remove aws.endpoint and aws.endpoints.`,
    })),
  ];
}

function isEndpoint(text: string): boolean {
  if (!isSecureUrl(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return !(username || password || search || hash);
}

function checkDeadline({ deadline = '10s' }: AwsConfig): readonly ConfigError[] {
  if (seconds(deadline) <= 60) return [];
  return [{ path: ['aws', 'deadline'], message: 'Must be at most 1m. Use a duration of 1s to 1m.' }];
}

/** With custom endpoints, every Region in use needs one, so that no proof goes to an AWS endpoint unintentionally. */
function checkRegions(config: Config): readonly ConfigError[] {
  const { aws, roles, rolesFrom = {} } = config;
  const failover = (aws.failoverRegions ?? []).map(
    (region, index): Setting<string> => [['aws', 'failoverRegions', index], region],
  );
  const roleRegions = [
    ...Object.entries(roles).map(
      ([name, role]): Setting<string | undefined> => [['roles', name, 'region'], role.region],
    ),
    ...Object.entries(rolesFrom).map(
      ([name, entry]): Setting<string | undefined> => [['rolesFrom', name, 'region'], entry.region],
    ),
  ].filter((setting): setting is Setting<string> => setting[1] !== undefined);
  const endpoints = customEndpoints(aws);
  const partition = partitionOfRegion(aws.region);
  return [
    ...failover
      .filter(([, region]) => region === aws.region)
      .map(([path]) => ({ path, message: 'aws.region cannot be its own failover Region. Remove it.' })),
    ...[...failover, ...roleRegions].flatMap(([path, region]) => {
      if (partitionOfRegion(region) !== partition) {
        return [
          {
            path,
            message: `Must be a Region of the partition ${partition}, like aws.region. Credentials and ARNs are valid in one partition only.`,
          },
        ];
      }
      if (Object.keys(endpoints).length === 0 || endpoints[region] !== undefined) return [];
      return [
        {
          path,
          message: `The config sets custom endpoints, but none for this Region. Add aws.endpoints.${region}.`,
        },
      ];
    }),
  ];
}

function checkArns(config: Config): readonly ConfigError[] {
  const partition = partitionOfRegion(config.aws.region);
  const message = `Must be an ARN of the partition of aws.region. It must start with arn:${partition}:`;
  return listArns(config)
    .filter(([, arn]) => partitionOfArn(arn) !== partition)
    .map(([path]) => ({ path, message }));
}

/** All ARNs. A pattern counts only if it names the partition without wildcards. */
function listArns({ roles, rolesFrom = {} }: Config): readonly Setting<string>[] {
  const roleArns = Object.entries(roles).flatMap(([name, role]): Setting<string>[] => {
    const at = (...rest: ConfigPath): ConfigPath => ['roles', name, ...rest];
    const chain = 'chain' in role ? (role.chain ?? []) : [];
    const policies = role.session && 'policyArns' in role.session ? (role.session.policyArns ?? []) : [];
    return [
      ...('roleArn' in role ? [[at('roleArn'), role.roleArn] as const] : []),
      ...('principalArn' in role ? [[at('principalArn'), role.principalArn] as const] : []),
      ...chain.map((chained, index) =>
        typeof chained === 'string'
          ? ([at('chain', index), chained] as const)
          : ([at('chain', index, 'roleArn'), chained.roleArn] as const),
      ),
      ...policies.map((arn, index) => [at('session', 'policyArns', index), arn] as const),
    ];
  });
  const claimPatterns = Object.entries(rolesFrom).flatMap(([name, { roleArns: patterns }]) =>
    patterns.map((glob, index): Setting<string> => [['rolesFrom', name, 'roleArns', index], glob]),
  );
  return [...roleArns, ...claimPatterns.filter(([, glob]) => !/[*?]/.test(partitionOfArn(glob)))];
}

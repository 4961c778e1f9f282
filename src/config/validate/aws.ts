// Faults of regions, endpoints and ARNs: what STS or the SDK would refuse at every call, and what would send proofs
// where they do not belong.
import { isSecureUrl } from '@sallyport/client/internal/secure-url';
import { partitionOfArn, partitionOfRegion } from '../../core/arn.js';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { type AwsConfig, customEndpoints } from '../schema/aws.js';
import type { Config } from '../schema/config.js';

type Place<T> = readonly [path: ConfigPath, value: T];

/** `regionKnown`: aws.region is what was written, so others can be held against it. */
export function checkAws(config: Config, regionKnown: boolean): readonly ConfigError[] {
  const { aws } = config;
  return [
    ...endpointFaults(aws),
    ...deadlineFaults(aws),
    ...(regionKnown ? [...regionFaults(config), ...arnFaults(config)] : []),
  ];
}

function endpointFaults(aws: AwsConfig): readonly ConfigError[] {
  const { region, endpoint, endpoints = {}, signinEndpoint, fips, dualStack } = aws;
  const given: Place<string>[] = [
    ...(endpoint === undefined ? [] : ([[['aws', 'endpoint'], endpoint]] satisfies Place<string>[])),
    ...Object.entries(endpoints).map(([name, url]): Place<string> => [['aws', 'endpoints', name], url]),
  ];
  const signin: Place<string>[] =
    signinEndpoint === undefined ? [] : [[['aws', 'signinEndpoint'], signinEndpoint]];
  const wrong = [...given, ...signin]
    .filter(([, url]) => !isEndpoint(url))
    .map(([path]) => ({
      path,
      message:
        'Must be an https URL without user, query or fragment, or http on loopback: proofs and credentials pass there.',
    }));
  const twice = endpoint !== undefined && endpoints[region] !== undefined;
  const rules = (['fips', 'dualStack'] as const).filter((key) => (key === 'fips' ? fips : dualStack));
  return [
    ...wrong,
    ...(twice
      ? [
          {
            path: ['aws', 'endpoints', region],
            message: 'aws.endpoint says this already. Leave out one of them.',
          },
        ]
      : []),
    ...(given.length === 0 ? [] : rules).map((key) => ({
      path: ['aws', key],
      message:
        'Chooses among the endpoints of AWS, and there is another one in the config. Leave out one of them.',
    })),
  ];
}

function isEndpoint(text: string): boolean {
  if (!isSecureUrl(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return !(username || password || search || hash);
}

function deadlineFaults({ deadline = '10s' }: AwsConfig): readonly ConfigError[] {
  if (seconds(deadline) <= 60) return [];
  return [{ path: ['aws', 'deadline'], message: 'Callers do not wait that long. Write 1s to 1m.' }];
}

/** Whoever has set an endpoint of its own must not have proofs sent to AWS's without having said so. */
function regionFaults(config: Config): readonly ConfigError[] {
  const { aws, roles, rolesFrom = {} } = config;
  const failover = (aws.failoverRegions ?? []).map(
    (region, index): Place<string> => [['aws', 'failoverRegions', index], region],
  );
  const own = [
    ...Object.entries(roles).map(
      ([name, role]): Place<string | undefined> => [['roles', name, 'region'], role.region],
    ),
    ...Object.entries(rolesFrom).map(
      ([name, entry]): Place<string | undefined> => [['rolesFrom', name, 'region'], entry.region],
    ),
  ].filter((place): place is Place<string> => place[1] !== undefined);
  const endpoints = customEndpoints(aws);
  const partition = partitionOfRegion(aws.region);
  return [
    ...failover
      .filter(([, region]) => region === aws.region)
      .map(([path]) => ({ path, message: 'This is aws.region itself. Leave it out.' })),
    ...[...failover, ...own].flatMap(([path, region]) => {
      if (partitionOfRegion(region) !== partition) {
        return [
          {
            path,
            message: `Must be a region of ${partition}, the partition of aws.region: credentials and ARNs are good in one.`,
          },
        ];
      }
      if (Object.keys(endpoints).length === 0 || endpoints[region] !== undefined) return [];
      return [
        {
          path,
          message: `There are endpoints in the config, but none of this region. Add aws.endpoints.${region}.`,
        },
      ];
    }),
  ];
}

function arnFaults(config: Config): readonly ConfigError[] {
  const partition = partitionOfRegion(config.aws.region);
  const message = `Must be an ARN of ${partition}, the partition of aws.region: arn:${partition}:…`;
  return arnsOf(config)
    .filter(([, arn]) => partitionOfArn(arn) !== partition)
    .map(([path]) => ({ path, message }));
}

/** Every ARN with its place; of a glob, only where it names the partition. */
function arnsOf({ roles, rolesFrom = {} }: Config): readonly Place<string>[] {
  const ofRoles = Object.entries(roles).flatMap(([name, role]): Place<string>[] => {
    const at = (...rest: ConfigPath): ConfigPath => ['roles', name, ...rest];
    const chain = 'chain' in role ? (role.chain ?? []) : [];
    const policies = role.session && 'policyArns' in role.session ? (role.session.policyArns ?? []) : [];
    return [
      ...('roleArn' in role ? [[at('roleArn'), role.roleArn] as const] : []),
      ...('principalArn' in role ? [[at('principalArn'), role.principalArn] as const] : []),
      ...chain.map((hop, index) =>
        typeof hop === 'string'
          ? ([at('chain', index), hop] as const)
          : ([at('chain', index, 'roleArn'), hop.roleArn] as const),
      ),
      ...policies.map((arn, index) => [at('session', 'policyArns', index), arn] as const),
    ];
  });
  const ofClaims = Object.entries(rolesFrom).flatMap(([name, { roleArns }]) =>
    roleArns.map((glob, index): Place<string> => [['rolesFrom', name, 'roleArns', index], glob]),
  );
  return [...ofRoles, ...ofClaims.filter(([, glob]) => !/[*?]/.test(partitionOfArn(glob)))];
}

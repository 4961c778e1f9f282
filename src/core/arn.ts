// Amazon Resource Names and partitions: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html

const PARTITION = 'aws[a-z-]*';
const NAME = '[\\w+=,.@-]';

/** An IAM role with its path, e.g. `arn:aws:iam::111122223333:role/team/deploy`. */
export const IAM_ROLE_ARN_PATTERN = `^arn:${PARTITION}:iam::[0-9]{12}:role/(?:[!-.0-~]+/)*${NAME}{1,64}$`;
export const SAML_PROVIDER_ARN_PATTERN = `^arn:${PARTITION}:iam::[0-9]{12}:saml-provider/${NAME}{1,128}$`;
/** A customer managed (12 digits) or AWS managed (`aws`) policy. */
export const POLICY_ARN_PATTERN = `^arn:${PARTITION}:iam::(?:[0-9]{12}|aws):policy/(?:[!-.0-~]+/)*${NAME}{1,128}$`;

/** Partitions by prefix of their region names. All other regions belong to `aws`. */
const PARTITIONS = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['eusc-', 'aws-eusc'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
] as const;

/** `eu-west-1` -> `aws`. Credentials and ARNs are valid in one partition only. */
export const partitionOfRegion = (region: string): string =>
  PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws';

/** Prefix of the name of a role without an ARN. Clients validate the minimum length of an ARN (20), which it has. */
export const ROLE_URN = 'urn:sallyport:role:';

export const partitionOfArn = (arn: string): string => arn.split(':')[1] ?? '';

/** The account id. */
export const accountOfArn = (arn: string): string => arn.split(':')[4] ?? '';

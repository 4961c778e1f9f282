// AWS's partitions as far as they have host names of their own: where STS, sign-in and the console of a region are.
// https://docs.aws.amazon.com/general/latest/gr/signin-service.html

export interface Partition {
  /** Ends the names of its services. */
  readonly suffix: string;
  /** Host of AWS sign-in for a region. */
  signinHost(region: string): string;
  /** Host of the AWS console; its regions and services are names below it. */
  readonly consoleHost: string;
}

const AWS: Partition = {
  suffix: 'amazonaws.com',
  signinHost: (region) =>
    region === 'us-east-1' ? 'signin.aws.amazon.com' : `${region}.signin.aws.amazon.com`,
  consoleHost: 'console.aws.amazon.com',
};
const AWS_CN: Partition = {
  suffix: 'amazonaws.com.cn',
  signinHost: () => 'signin.amazonaws.cn',
  consoleHost: 'console.amazonaws.cn',
};
const AWS_US_GOV: Partition = {
  suffix: 'amazonaws.com',
  signinHost: () => 'signin.amazonaws-us-gov.com',
  consoleHost: 'console.amazonaws-us-gov.com',
};

/** The partition of a region. Undefined for the isolated ones, whose hosts are nobody else's to know. */
export function partitionOf(region: string): Partition | undefined {
  if (region.startsWith('cn-')) return AWS_CN;
  if (region.startsWith('us-gov-')) return AWS_US_GOV;
  return /^[a-z]{2}-iso/.test(region) ? undefined : AWS;
}

// The host names of AWS partitions.
// https://docs.aws.amazon.com/general/latest/gr/signin-service.html
import { partitionOfRegion } from './arn.js';

export interface PartitionHosts {
  /** DNS suffix of its services. */
  readonly suffix: string;
  /** Host name of AWS sign-in for a region. */
  signinHost(region: string): string;
  /** Host name of the AWS console, and suffix of its regional host names. */
  readonly consoleHost: string;
}

const HOSTS: Readonly<Record<string, PartitionHosts>> = {
  aws: {
    suffix: 'amazonaws.com',
    signinHost: (region) =>
      region === 'us-east-1' ? 'signin.aws.amazon.com' : `${region}.signin.aws.amazon.com`,
    consoleHost: 'console.aws.amazon.com',
  },
  'aws-cn': {
    suffix: 'amazonaws.com.cn',
    signinHost: () => 'signin.amazonaws.cn',
    consoleHost: 'console.amazonaws.cn',
  },
  'aws-us-gov': {
    suffix: 'amazonaws.com',
    signinHost: () => 'signin.amazonaws-us-gov.com',
    consoleHost: 'console.amazonaws-us-gov.com',
  },
};

/** By region. Undefined for a partition without known host names, such as the isolated ones. */
export const partitionHosts = (region: string): PartitionHosts | undefined =>
  HOSTS[partitionOfRegion(region)];

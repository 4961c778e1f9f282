// The host names of AWS's partitions: where STS, sign-in and the console of a region are.
// https://docs.aws.amazon.com/general/latest/gr/signin-service.html
import { partitionOfRegion } from './arn.js';

export interface PartitionHosts {
  /** Ends the names of its services. */
  readonly suffix: string;
  /** Host of AWS sign-in for a region. */
  signinHost(region: string): string;
  /** Host of the AWS console; its regions and services are names below it. */
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

/** Of the partition of a region. Undefined where they are not known here, as for the isolated ones. */
export const partitionHosts = (region: string): PartitionHosts | undefined =>
  HOSTS[partitionOfRegion(region)];

// Where the AWS SDKs and tools look for profiles.
import { homedir } from 'node:os';
import { join } from 'node:path';

export const configFile = (): string => process.env['AWS_CONFIG_FILE'] || join(homedir(), '.aws', 'config');

export const credentialsFile = (): string =>
  process.env['AWS_SHARED_CREDENTIALS_FILE'] || join(homedir(), '.aws', 'credentials');

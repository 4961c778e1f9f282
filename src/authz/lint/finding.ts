// What a lint rule reports, and what it needs to know of an issuer.
import type { Config } from '../../config/schema/config.js';
import type { LintCode } from '../../config/schema/lint.js';
import type { ConfigPath } from '../../core/config-error.js';

export interface LintFinding {
  readonly code: LintCode;
  /** What it is about, as `lint.ignore` names it: `grants.ID`, `roles.NAME`, `rolesFrom.NAME`, `issuers.NAME`, `claims.NAME`. */
  readonly on: string;
  readonly path: ConfigPath;
  /** What is odd and what to do, in one or two sentences. */
  readonly message: string;
}

export type Grant = Config['grants'][number];

/** Whether an issuer, by its name in the config, can send a claim; undefined where it cannot be told. */
export type IssuerSendsClaim = (issuer: string, claim: string) => boolean | undefined;

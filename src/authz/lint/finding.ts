// A finding of `sallyport check`, and the types that all lint rules use.
import type { Config } from '../../config/schema/config.js';
import type { LintCode } from '../../config/schema/lint.js';
import type { ConfigPath } from '../../core/config-error.js';

/** Member names are public: `sallyport check --json` prints them. */
export interface LintFinding {
  readonly code: LintCode;
  /** Subject as in `lint.ignore`: `grants.ID`, `roles.NAME`, `rolesFrom.NAME`, `issuers.NAME` or `claims.NAME`. */
  readonly on: string;
  readonly path: ConfigPath;
  /** The problem and the correction, in at most two sentences. */
  readonly message: string;
}

export type Grant = Config['grants'][number];

/** Whether an issuer (by name in the config) can send a claim. Undefined if that is not known. */
export type IssuerSendsClaim = (issuer: string, claim: string) => boolean | undefined;

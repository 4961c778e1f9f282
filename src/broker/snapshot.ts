// One config, compiled: who may come in and what they may have. A request keeps the snapshot it began with.
import type { Authenticate } from '../authn/authenticate.js';
import type { Policy } from '../authz/policy.js';

export interface Snapshot {
  readonly authenticate: Authenticate;
  readonly policy: Policy;
}

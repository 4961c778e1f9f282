// @sallyport/sandbox: AWS STS and IAM, an OIDC provider, a SAML IdP and AWS console sign-in on loopback ports.
// Start reading at startSandbox in sandbox.ts. The folders sts, iam, oidc, saml and console hold one server each (iam is
// the data and the policy evaluation of sts).
export { fetchToken, type TokenOptions } from './oidc/fetch-token.js';
export { type AssertionOptions, fetchAssertion } from './saml/fetch-assertion.js';
export {
  type Sandbox,
  type SandboxAddresses,
  type SandboxOptions,
  sandboxAddresses,
  startSandbox,
} from './sandbox.js';
export { type AuthorizationDecision, encodeAuthorizationMessage } from './sts/authorization-messages.js';
export type { SandboxUser } from './users.js';

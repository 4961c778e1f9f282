// `@sallyport/sandbox`: AWS STS and IAM, an OIDC provider, a SAML IdP and console sign-in, all on loopback ports. Start
// reading at start.ts.
export { type Addresses, addresses, type Sandbox, type SandboxOptions, startSandbox } from './start.js';

// The configuration of the provider: two clients, no consent prompt, and all claims in the ID token.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Context, Grant, interactionPolicy } from 'oidc-provider';
import { errorPage, PAGE_HEADERS } from '../pages.js';
import { claimsOf, type SandboxUser } from '../users.js';
import { devicePages } from './device-pages.js';
import type { SigningKeys } from './keys.js';
import { memoryAdapter } from './memory-adapter.js';
import { BROWSER_CLIENT_ID, MACHINE_CLIENT } from './registered-clients.js';
import { interactionPath } from './sign-in.js';

const SCOPES = ['openid', 'email', 'groups', 'profile'];
const HOUR_SECONDS = 3600;
const WORKDAY_SECONDS = 8 * HOUR_SECONDS;

/** Grants all scopes without a consent prompt. */
async function grantEverything(context: Context): Promise<Grant> {
  const { client, session, provider } = context.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(SCOPES.join(' '));
  await grant.save();
  return grant;
}

/** The provider's configuration: https://github.com/panva/node-oidc-provider/blob/main/docs/README.md */
export function providerConfig(
  users: readonly SandboxUser[],
  keys: SigningKeys,
  policy: typeof interactionPolicy,
): object {
  const prompts = policy.base();
  prompts.remove('consent');
  return {
    adapter: memoryAdapter(),
    jwks: { keys: Object.values(keys) },
    clients: [
      {
        client_id: BROWSER_CLIENT_ID,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/'],
      },
      {
        client_id: MACHINE_CLIENT.id,
        client_secret: MACHINE_CLIENT.secret,
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['password'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    clientAuthMethods: ['client_secret_basic', 'none'],
    responseTypes: ['code'],
    scopes: SCOPES,
    // Claims of the scope openid are in every ID token.
    claims: { openid: ['sub', 'jti', ...new Set(users.flatMap((user) => Object.keys(claimsOf(user))))] },
    async findAccount(_context: Context, name: string) {
      const user = users.find((candidate) => candidate.name === name);
      return (
        user && {
          accountId: user.name,
          claims: async () => ({ sub: user.name, jti: randomUUID(), ...claimsOf(user) }),
        }
      );
    },
    interactions: {
      policy: prompts,
      url: async (_: Context, { uid }: { uid: string }) => interactionPath(uid),
    },
    loadExistingGrant: grantEverything,
    clientBasedCORS: () => false,
    async renderError(context: Context, { error, error_description: description }: Record<string, string>) {
      context.set(PAGE_HEADERS);
      context.body = errorPage(`The OIDC provider refused: ${description ?? error}.`);
    },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      // A browser sends the cookies of one loopback port to all others.
      names: {
        session: 'sandbox_oidc',
        interaction: 'sandbox_oidc_interaction',
        resume: 'sandbox_oidc_resume',
      },
    },
    ttl: {
      AccessToken: HOUR_SECONDS,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: WORKDAY_SECONDS,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      Session: WORKDAY_SECONDS,
    },
    features: {
      deviceFlow: { enabled: true, ...devicePages },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
  };
}

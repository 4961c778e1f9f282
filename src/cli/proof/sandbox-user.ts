// Finds the running `sallyport dev` and one of its users.
import { readDevState } from '../dev-state.js';

interface SandboxUser {
  readonly oidc: { readonly issuer: string };
  readonly saml: { readonly sso: string };
  readonly password: string;
}

/** Throws an Error if no `dev` is running or if it has no such user. */
export async function findSandboxUser(user: string): Promise<SandboxUser> {
  const state = await readDevState();
  if (!state) throw new Error('The sandbox is not running. Start it with `npm run dev`, then try again.');
  const found = state.users.find(({ name }) => name === user);
  if (!found) {
    const names = state.users.map(({ name }) => name).join(', ');
    throw new Error(`The sandbox has no user "${user}". Use one of ${names}.`);
  }
  return { ...state, password: found.password };
}

// The login page of the authorization code flow: shown at /interaction/{uid}, answered by a POST to the same place.
import { text } from 'node:stream/consumers';
import type { Context, Provider } from 'oidc-provider';
import { loginPage, PAGE_HEADERS } from '../pages.js';
import { type SandboxUser, signIn } from '../users.js';

/** Where the provider sends a browser whose user has to sign in. */
export const interactionPath = (uid: string) => `/interaction/${uid}`;

/** Koa middleware that serves the login page and leaves every other path to the provider. */
export function signInPages(provider: Provider, users: readonly SandboxUser[]) {
  return async (context: Context, next: () => Promise<void>): Promise<void> => {
    if (!context.path.startsWith(interactionPath(''))) return next();
    const { req, res } = context;
    // Throws unless the browser holds the cookie of a sign-in that is under way.
    await provider.interactionDetails(req, res);
    const form = context.method === 'POST' ? new URLSearchParams(await text(req)) : undefined;
    const user = form && signIn(users, form.get('user') ?? '', form.get('password') ?? '');
    if (user) {
      context.respond = false;
      return provider.interactionFinished(req, res, { login: { accountId: user.name, remember: false } });
    }
    context.set(PAGE_HEADERS);
    context.status = form ? 401 : 200;
    context.body = loginPage({
      title: 'Sandbox OIDC sign-in',
      action: context.path,
      refused: form !== undefined,
    });
  };
}

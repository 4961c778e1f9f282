// The login page of the authorization code flow, at /interaction/{uid}.
import { text } from 'node:stream/consumers';
import type { Context, Provider } from 'oidc-provider';
import { loginPage, PAGE_HEADERS } from '../pages.js';
import { authenticateUser, type SandboxUser } from '../users.js';

/** The path to which the provider redirects a browser for signing in. */
export const interactionPath = (uid: string) => `/interaction/${uid}`;

/** Koa middleware that serves the login page. All other paths are the provider's. */
export function signInPages(provider: Provider, users: readonly SandboxUser[]) {
  return async (context: Context, next: () => Promise<void>): Promise<void> => {
    if (!context.path.startsWith(interactionPath(''))) return next();
    const { req, res } = context;
    // Throws unless the browser has the cookie of a sign-in in progress.
    await provider.interactionDetails(req, res);
    const form = context.method === 'POST' ? new URLSearchParams(await text(req)) : undefined;
    const user = form && authenticateUser(users, form.get('user') ?? '', form.get('password') ?? '');
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

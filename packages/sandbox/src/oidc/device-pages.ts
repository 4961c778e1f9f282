// The browser pages of the device authorization grant: RFC 8628 section 3.3.
import type { Context } from 'oidc-provider';
import { messagePage, PAGE_HEADERS, submitPage } from '../pages.js';

function show(context: Context, page: string): void {
  context.set(PAGE_HEADERS);
  context.body = page;
}

/** For oidc-provider's option `features.deviceFlow`, whose forms have no button. */
export const devicePages = {
  async userCodeInputSource(context: Context, form: string, _?: unknown, error?: Error): Promise<void> {
    const refused = error && 'The code is unknown, or the sign-in has ended.';
    const text = refused ?? 'Enter the code that the other device shows.';
    show(context, submitPage({ title: 'Sandbox device sign-in', text, form, id: 'op.deviceInputForm' }));
  },
  async userCodeConfirmSource(
    context: Context,
    form: string,
    _client: unknown,
    _device: unknown,
    code: string,
  ): Promise<void> {
    const text = `Does the other device show ${code}? If not, close this page.`;
    show(context, submitPage({ title: 'Sandbox device sign-in', text, form, id: 'op.deviceConfirmForm' }));
  },
  async successSource(context: Context): Promise<void> {
    show(context, messagePage('Signed in', 'Go back to the other device.'));
  },
};

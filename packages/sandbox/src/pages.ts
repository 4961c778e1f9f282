// The HTML pages of the sandbox. The only script is that of the auto-submitting form; the Content-Security-Policy allows
// it by its hash.
import { createHash } from 'node:crypto';
import { type Content, Markup, markup } from '@sallyport/sts-protocol/markup';

const SUBMIT_SCRIPT = 'document.forms[0].submit()';
const scriptHash = createHash('sha256').update(SUBMIT_SCRIPT).digest('base64');

/** Headers of every page. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
  'content-security-policy': `default-src 'none'; script-src 'sha256-${scriptHash}'; style-src 'unsafe-inline'`,
} as const;

function page(title: string, body: Content): string {
  return `${markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 22rem; margin: 4rem auto; padding: 0 1rem }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
input, button { margin: .25rem 0 1rem; padding: .5rem }
dt { font-weight: 600 }
dd { margin: 0 0 1rem; overflow-wrap: anywhere }
[role=alert] { color: #b00020 }
</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`}`;
}

const hiddenInputs = (values: Readonly<Record<string, string | undefined>>) =>
  Object.entries(values).map(([name, value]) =>
    value === undefined ? undefined : markup`<input type="hidden" name="${name}" value="${value}">\n`,
  );

/** A form for user name and password. `hidden` fields are submitted with it; `refused`: the last attempt failed. */
export function loginPage(options: {
  readonly title: string;
  readonly action: string;
  readonly hidden?: Readonly<Record<string, string | undefined>>;
  readonly refused: boolean;
}): string {
  const alert = options.refused && markup`<p role="alert">The user name or the password is wrong.</p>`;
  return page(
    options.title,
    markup`${alert || undefined}<form method="post" action="${options.action}">
${hiddenInputs(options.hidden ?? {})}<label>User <input name="user" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>`,
  );
}

/** An auto-submitting form: SAML 2.0 Bindings section 3.5.4. Without scripts, the user presses the button. */
export function autoPostPage(action: string, fields: Readonly<Record<string, string | undefined>>): string {
  return page(
    'Signing in',
    markup`<form method="post" action="${action}">
${hiddenInputs(fields)}<button>Continue</button>
</form>
${new Markup(`<script>${SUBMIT_SCRIPT}</script>`)}`,
  );
}

/** A table of facts, followed by a sentence or a link. */
export function factsPage(
  title: string,
  facts: readonly (readonly [name: string, value: string])[],
  after: Content,
): string {
  const rows = facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>\n`);
  return page(title, markup`<dl>\n${rows}</dl>\n<p>${after}</p>`);
}

/** A form from oidc-provider, with a button. */
export function submitPage(options: {
  readonly title: string;
  readonly text: string;
  /** HTML. */
  readonly form: string;
  /** Of the form. */
  readonly id: string;
}): string {
  return page(
    options.title,
    markup`<p>${options.text}</p>
${new Markup(options.form)}
<button form="${options.id}">Continue</button>`,
  );
}

/** A page with a title and a sentence. */
export function messagePage(title: string, sentence: string): string {
  return page(title, markup`<p>${sentence}</p>`);
}

/** An error page with one sentence. */
export function errorPage(sentence: string): string {
  return page('This did not work', markup`<p role="alert">${sentence}</p>`);
}

// The HTML pages at the end of a browser sign-in: credentials, a choice of roles, or an error. They have no scripts, load
// nothing and store nothing.
import { createHash } from 'node:crypto';
import { type Content, Markup, markup } from '@sallyport/sts-protocol/markup';
import type { SallyportError } from '../core/errors.js';
import type { CredentialsResponse } from '../http/routes/credentials/schema.js';

const STYLE = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 3rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
h1 { font-size: 1.5rem }
h2 { font-size: 1rem; margin: 1.5rem 0 .25rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem }
dt { color: #57606a }
dd { margin: 0; overflow-wrap: anywhere }
pre { padding: .75rem; border: 1px solid #d0d7de; border-radius: .375rem; white-space: pre-wrap; word-break: break-all; user-select: all }
li { margin: .25rem 0 }
`;
const styleHash = createHash('sha256').update(STYLE).digest('base64');

/** Headers of every page. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
} as const;

function page(title: string, body: Content): string {
  return `${markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
${new Markup(`<style>${STYLE}</style>`)}
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`}`;
}

const definitionList = (pairs: Readonly<Record<string, string | undefined>>) => markup`<dl>
${Object.entries(pairs).map(([name, value]) =>
  value === undefined ? undefined : markup`<dt>${name}</dt><dd>${value}</dd>\n`,
)}</dl>`;

/** Quotes a value for a POSIX shell. */
const shellQuoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;

export function credentialsPage(response: CredentialsResponse): string {
  const { Credentials, AssumedRoleUser, FederatedUser, Sallyport } = response;
  const variables = {
    AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: Credentials.SessionToken,
  };
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuoted(value)}`);
  return page(
    'Your AWS credentials',
    markup`${definitionList({
      Role: Sallyport.Role,
      Session: (AssumedRoleUser ?? FederatedUser)?.Arn,
      'Valid until': Credentials.Expiration,
      'Limited by': Sallyport.DurationLimitedBy,
      'Request id': Sallyport.RequestId,
    })}
<p>These credentials are shown once. Copy them and close this page. Until they expire, anyone who has them can act as you.</p>
<h2>For a shell</h2>
<pre>${exports.join('\n')}</pre>
<h2>As JSON</h2>
<pre>${JSON.stringify(response, undefined, 2)}</pre>`,
  );
}

/** `links`: the login URL for each role. */
export function rolesPage(
  links: readonly { readonly role: string; readonly href: string | undefined }[],
): string {
  return page(
    'Choose a role',
    markup`<p>You are permitted several roles. Each link signs you in again for that role.</p>
<ul>
${links.map(({ role, href }) => markup`<li><a href="${href}">${role}</a></li>\n`)}</ul>`,
  );
}

/** `loginUrl`: where to sign in again, if it is known. */
export function errorPage(error: SallyportError, requestId: string, loginUrl?: string): string {
  const link = loginUrl === undefined ? undefined : markup`<p><a href="${loginUrl}">Sign in again</a></p>\n`;
  return page(
    'Sign-in failed',
    markup`<p role="alert">${error.detail}</p>
${link}${definitionList({ Code: error.code, 'Request id': requestId })}`,
  );
}

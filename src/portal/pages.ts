// What a browser shows at the end of a sign-in: credentials, the roles to choose from, or why there is neither. No
// scripts; nothing is loaded from anywhere; nothing is kept.
import { createHash } from 'node:crypto';
import { type Content, Markup, markup } from '@sallyport/sts-protocol/markup';
import type { SallyportError } from '../core/errors.js';
import type { CredentialsAnswer } from '../http/routes/credentials/schema.js';

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

const facts = (pairs: Readonly<Record<string, string | undefined>>) => markup`<dl>
${Object.entries(pairs).map(([name, value]) =>
  value === undefined ? undefined : markup`<dt>${name}</dt><dd>${value}</dd>\n`,
)}</dl>`;

/** A value that a shell takes as it stands. */
const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;

export function credentialsPage(answer: CredentialsAnswer): string {
  const { Credentials, AssumedRoleUser, FederatedUser, Sallyport } = answer;
  const variables = {
    AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: Credentials.SessionToken,
  };
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return page(
    'Your AWS credentials',
    markup`${facts({
      Role: Sallyport.Role,
      Session: (AssumedRoleUser ?? FederatedUser)?.Arn,
      'Valid until': Credentials.Expiration,
      'Limited by': Sallyport.DurationLimitedBy,
      'Request id': Sallyport.RequestId,
    })}
<p>They are shown once. Copy them and close this page; whoever has them is you until then.</p>
<h2>For a shell</h2>
<pre>${exports.join('\n')}</pre>
<h2>As JSON</h2>
<pre>${JSON.stringify(answer, undefined, 2)}</pre>`,
  );
}

/** `links`: where to sign in again for each role. */
export function rolesPage(
  links: readonly { readonly role: string; readonly href: string | undefined }[],
): string {
  return page(
    'Choose a role',
    markup`<p>You may have several roles. Each link signs you in again, for that role.</p>
<ul>
${links.map(({ role, href }) => markup`<li><a href="${href}">${role}</a></li>\n`)}</ul>`,
  );
}

/** `again`: where to begin anew, if it is known. */
export function refusalPage(error: SallyportError, requestId: string, again?: string): string {
  const link = again === undefined ? undefined : markup`<p><a href="${again}">Sign in again</a></p>\n`;
  return page(
    'This did not work',
    markup`<p role="alert">${error.detail}</p>
${link}${facts({ Code: error.code, 'Request id': requestId })}`,
  );
}

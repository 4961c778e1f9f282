// Gets a SAMLResponse from a running sandbox IdP, as a script with a user's password would.
import type { SignaturePlacement } from './response.js';
import { scriptUrl } from './script-routes.js';

export interface AssertionOptions {
  readonly user: string;
  readonly password: string;
  /** The assertion consumer service; default AWS sign-in. */
  readonly recipient?: string;
  /** Default urn:amazon:webservices. */
  readonly audience?: string;
  /** Default 300, at most 86400. */
  readonly lifetimeSeconds?: number;
  /** Attributes besides, or instead of, the user's own. */
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
  /** Default: as the IdP was started. */
  readonly signature?: SignaturePlacement;
}

/** The Response in base64. Throws an Error that says why there is none; it holds no assertion and no password. */
export async function fetchAssertion(ssoUrl: string, options: AssertionOptions): Promise<string> {
  const response = await fetch(scriptUrl(ssoUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(options),
  });
  const answer = (await response.json()) as { SAMLResponse?: string; error?: string };
  if (answer.SAMLResponse === undefined) throw new Error(answer.error ?? 'The SAML IdP gave no answer.');
  return answer.SAMLResponse;
}

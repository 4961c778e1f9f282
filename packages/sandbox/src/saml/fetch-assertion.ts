// Gets a SAMLResponse from a running sandbox IdP with the user's password, as a script does.
import type { SignaturePlacement } from './response.js';
import { scriptUrl } from './script-routes.js';

export interface AssertionOptions {
  readonly user: string;
  readonly password: string;
  /** The assertion consumer service. Default: AWS sign-in. */
  readonly recipient?: string;
  /** Default urn:amazon:webservices. */
  readonly audience?: string;
  /** Default 300, at most 86400. */
  readonly lifetimeSeconds?: number;
  /** Added to the user's attributes, or replacing them. */
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
  /** Default: as the IdP was started. */
  readonly signature?: SignaturePlacement;
}

/** The Response in base64. Throws an Error with the reason of the IdP; it holds no assertion and no password. */
export async function fetchAssertion(ssoUrl: string, options: AssertionOptions): Promise<string> {
  const response = await fetch(scriptUrl(ssoUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(options),
  });
  const body = (await response.json()) as { SAMLResponse?: string; error?: string };
  if (body.SAMLResponse === undefined) throw new Error(body.error ?? 'The SAML IdP returned no response.');
  return body.SAMLResponse;
}

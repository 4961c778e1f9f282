// The worker thread in which saml2-js reads a Response. A crash, stall or full heap here does not affect the server.
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { IdentityProvider, ServiceProvider } from 'saml2-js';

/** A Response to read. The signature is checked with this certificate, unless saml2-js does not support its algorithm. */
export interface CrossCheckRequest {
  readonly id: number;
  readonly xml: string;
  readonly certificate: string;
  readonly checkSignature: boolean;
  readonly audience: string;
}

export interface SubjectReading {
  readonly nameId: string;
  /** By Name; of several Attributes with one Name the last. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

/** What saml2-js read. Without `subject` it refused the Response. */
export interface CrossCheckResult {
  readonly id: number;
  readonly subject?: SubjectReading;
}

// xmldom prints warnings that quote the document.
globalThis.console = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }));

const provider = new ServiceProvider({
  entity_id: '',
  assert_endpoint: '',
  private_key: '',
  certificate: '',
});

function handleRequest(
  port: MessagePort,
  { id, xml, certificate, checkSignature, audience }: CrossCheckRequest,
): void {
  const idp = new IdentityProvider({ sso_login_url: '', sso_logout_url: '', certificates: [certificate] });
  const options = {
    request_body: { SAMLResponse: Buffer.from(xml, 'utf8').toString('base64') },
    allow_unencrypted_assertion: true,
    require_session_index: false,
    ignore_signature: !checkSignature,
    ignore_timing: true,
    audience,
  };
  provider.post_assert(idp, options, (error, response) => {
    const user = error || response?.type !== 'authn_response' ? undefined : response.user;
    const result: CrossCheckResult = {
      id,
      ...(user && { subject: { nameId: user.name_id, attributes: user.attributes } }),
    };
    port.postMessage(result);
  });
}

if (parentPort) {
  const port = parentPort;
  port.on('message', (request: CrossCheckRequest) => handleRequest(port, request));
  port.postMessage('ready');
}

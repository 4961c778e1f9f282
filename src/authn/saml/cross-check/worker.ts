// The thread in which saml2-js reads a Response, apart from the server: it may crash, stall or fill its heap here.
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { IdentityProvider, ServiceProvider } from 'saml2-js';

/** What to read. The signature is checked with this one certificate, unless saml2-js does not know its algorithm. */
export interface CrossCheckRequest {
  readonly id: number;
  readonly xml: string;
  readonly certificate: string;
  readonly checkSignature: boolean;
  readonly audience: string;
}

/** What saml2-js read; `undefined` if it refused. */
export interface CrossCheckResponse {
  readonly id: number;
  readonly user?: {
    readonly nameId: string;
    readonly attributes: Readonly<Record<string, readonly string[]>>;
  };
}

// xmldom prints what it does not like, with the text around it.
globalThis.console = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }));

const provider = new ServiceProvider({
  entity_id: '',
  assert_endpoint: '',
  private_key: '',
  certificate: '',
});

function answer(
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
    const read: CrossCheckResponse = {
      id,
      ...(user && { user: { nameId: user.name_id, attributes: user.attributes } }),
    };
    port.postMessage(read);
  });
}

if (parentPort) {
  const port = parentPort;
  port.on('message', (reading: CrossCheckRequest) => answer(port, reading));
  port.postMessage('ready');
}

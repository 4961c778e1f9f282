// What the config schema cannot judge about a SAML issuer: keys that must be keys, settings that exclude each other.
import type { SamlIssuer } from '../../../config/schema/saml-issuer.js';
import type { ConfigError } from '../../../core/config-error.js';
import { checkDecryptionKey } from '../signature/decryption.js';
import { toSigningKey } from './parse-metadata.js';

/** Faults in the settings of one issuer; none is about its metadata. */
export function checkIssuerSettings(name: string, config: SamlIssuer): ConfigError[] {
  const at = (...rest: (string | number)[]) => ['issuers', name, ...rest];
  const faults: ConfigError[] = (config.decryptionKeys ?? []).flatMap((pem, index) => {
    const message = checkDecryptionKey(pem);
    return message === undefined ? [] : [{ path: at('decryptionKeys', index), message }];
  });
  if (config.metadataCertificate !== undefined && !isSigningCertificate(config.metadataCertificate)) {
    faults.push({
      path: at('metadataCertificate'),
      message: 'This must be a PEM certificate with an RSA key of 2048 bits or more, or an ECDSA key.',
    });
  }
  if (config.unsolicited === 'accept-foreign' && config.audience === 'sallyport') {
    faults.push({
      path: at('unsolicited'),
      message: 'Only with audience aws can a response answer a foreign request. Write accept or refuse.',
    });
  }
  return faults;
}

function isSigningCertificate(pem: string): boolean {
  try {
    toSigningKey(pem);
    return true;
  } catch {
    return false;
  }
}

// Checks of a SAML issuer that the config schema cannot make: keys must be valid, and settings must not contradict.
import type { SamlIssuer } from '../../../config/schema/saml-issuer.js';
import type { ConfigError } from '../../../core/config-error.js';
import { checkDecryptionKey } from '../signature/decryption.js';
import { toSigningKey } from './parse-metadata.js';

/** The config errors of one issuer, except those of its metadata. */
export function checkIssuerSettings(name: string, config: SamlIssuer): ConfigError[] {
  const at = (...rest: (string | number)[]) => ['issuers', name, ...rest];
  const errors: ConfigError[] = (config.decryptionKeys ?? []).flatMap((pem, index) => {
    const message = checkDecryptionKey(pem);
    return message === undefined ? [] : [{ path: at('decryptionKeys', index), message }];
  });
  if (config.metadataCertificate !== undefined && !isSigningCertificate(config.metadataCertificate)) {
    errors.push({
      path: at('metadataCertificate'),
      message: 'This must be a PEM certificate with an RSA key of 2048 bits or more, or an ECDSA key.',
    });
  }
  if (config.unsolicited === 'accept-foreign' && config.audience === 'sallyport') {
    errors.push({
      path: at('unsolicited'),
      message: 'accept-foreign requires audience aws. Write accept or refuse.',
    });
  }
  return errors;
}

function isSigningCertificate(pem: string): boolean {
  try {
    toSigningKey(pem);
    return true;
  } catch {
    return false;
  }
}

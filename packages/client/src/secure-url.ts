// URLs that a secret may be sent to: https, or http on loopback.

/** True if a host name or address can only be this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host === '::1' ||
    host === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
  );
}

/** True for https, and for http on loopback. */
export function isSecureUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}

/** Returns the base URL of a broker without trailing slashes. Throws an Error if a proof must not be sent there. */
export function parseBrokerUrl(url: string): string {
  if (!isSecureUrl(url))
    throw new Error('The broker URL must begin with https://, or with http:// on a loopback address.');
  const { username, password, search, hash } = new URL(url);
  if (username || password || search || hash)
    throw new Error('The broker URL must not contain a user, password, query, or fragment. Remove them.');
  return url.replace(/\/+$/, '');
}

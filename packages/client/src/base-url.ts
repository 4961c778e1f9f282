// Where a broker is. What proves who somebody is goes over https, or stays on this machine.
import { isProtectedUrl } from './loopback.js';

/** The URL without a slash at its end. Throws an Error that says what to do if a proof must not be sent there. */
export function baseUrl(url: string): string {
  if (!isProtectedUrl(url))
    throw new Error(
      "The broker's URL must begin with https://, or with http:// on this machine. Correct it.",
    );
  const { username, password, search, hash } = new URL(url);
  if (username || password || search || hash)
    throw new Error("The broker's URL can have no user, password, query or fragment. Leave them out.");
  return url.replace(/\/+$/, '');
}

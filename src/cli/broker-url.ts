// Which broker a command speaks to.
import { parseBrokerUrl } from '@sallyport/client/internal/secure-url';
import { readDevState } from './dev-state.js';

/** `--broker`, or SALLYPORT_URL, or the running `dev`. Throws an Error that says what to do if there is none. */
export async function brokerUrl(given: string | undefined): Promise<string> {
  const url = given ?? process.env['SALLYPORT_URL'] ?? (await readDevState())?.broker;
  if (url === undefined)
    throw new Error('Which broker? Name its URL with --broker, or in SALLYPORT_URL, or start `npm run dev`.');
  return parseBrokerUrl(url);
}

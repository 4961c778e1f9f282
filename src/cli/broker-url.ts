// Which broker a command speaks to.
import { parseBrokerUrl } from '@sallyport/client/internal/secure-url';

/** `--broker`, or SALLYPORT_URL, or the running `dev`. Throws an Error that says what to do if there is none. */
export async function brokerUrl(given: string | undefined): Promise<string> {
  const url = given ?? process.env['SALLYPORT_URL'] ?? (await runningDev());
  if (url === undefined)
    throw new Error('Which broker? Name its URL with --broker, or in SALLYPORT_URL, or start `npm run dev`.');
  return parseBrokerUrl(url);
}

/** The `dev` on this machine; the production image comes without it. */
async function runningDev(): Promise<string | undefined> {
  try {
    const { readDevState } = await import('@sallyport/sandbox/internal/dev-state');
    return (await readDevState())?.broker;
  } catch {
    return undefined;
  }
}

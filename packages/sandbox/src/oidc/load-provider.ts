// Loads the optional package oidc-provider when the sandbox needs it, and says how to get it when it is not there.
import type * as OidcProvider from 'oidc-provider';

/** The module. Throws an Error with the command to run if the package is not installed. */
export async function loadProvider(): Promise<typeof OidcProvider> {
  const { warn } = console;
  // On Node 20, where the package works, importing it prints that a later release is wanted.
  console.warn = (...args: unknown[]) => {
    if (!String(args[0]).includes('Unsupported runtime')) warn(...args);
  };
  try {
    return await import('oidc-provider');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Error('The sandbox needs the package oidc-provider. Run `npm install oidc-provider`.', {
      cause,
    });
  } finally {
    console.warn = warn;
  }
}

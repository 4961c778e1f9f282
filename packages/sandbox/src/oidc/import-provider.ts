// Imports oidc-provider without the warning that it prints on Node 20, where the package works all the same.
import type * as OidcProvider from 'oidc-provider';

export async function importProvider(): Promise<typeof OidcProvider> {
  const { warn } = console;
  console.warn = (...args: unknown[]) => {
    if (!String(args[0]).includes('Unsupported runtime')) warn(...args);
  };
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
}

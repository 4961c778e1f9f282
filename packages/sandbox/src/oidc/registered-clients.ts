// The two clients of the sandbox's OIDC provider.

/** Public, for browsers, with PKCE; and so the audience of a token for which none is named. */
export const BROWSER_CLIENT_ID = 'sallyport';

/** Confidential, for scripts. Its secret is public: it opens nothing but the sandbox. */
export const MACHINE_CLIENT = { id: 'sallyport-machine', secret: 'sandbox-machine-secret' } as const;

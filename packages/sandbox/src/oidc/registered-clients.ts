// The registered clients of the OIDC provider.

/** The public client, for browsers, with PKCE. It is also the default audience. */
export const BROWSER_CLIENT_ID = 'sallyport';

/** The confidential client, for scripts. Its secret is public and works with the sandbox only. */
export const MACHINE_CLIENT = { id: 'sallyport-machine', secret: 'sandbox-machine-secret' } as const;

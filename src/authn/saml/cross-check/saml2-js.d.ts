// Types of the part of saml2-js that is used, for the service provider and the cross-check. The package ships none.
declare module 'saml2-js' {
  interface AssertOptions {
    readonly request_body: { readonly SAMLResponse: string };
    readonly allow_unencrypted_assertion: boolean;
    readonly require_session_index: boolean;
    readonly ignore_signature: boolean;
    /** Times are checked in assertion/, against the clock that is passed in. */
    readonly ignore_timing: boolean;
    readonly audience: string;
  }
  interface AssertResponse {
    readonly type: string;
    readonly user: {
      readonly name_id: string;
      readonly attributes: Readonly<Record<string, readonly string[]>>;
    };
  }
  export class ServiceProvider {
    constructor(options: {
      readonly entity_id: string;
      readonly assert_endpoint: string;
      readonly private_key: string;
      readonly certificate: string;
    });
    create_metadata(): string;
    create_login_request_url(
      identityProvider: IdentityProvider,
      options: Readonly<Record<string, never>>,
      callback: (error: Error | null, url?: string, id?: string) => void,
    ): void;
    post_assert(
      identityProvider: IdentityProvider,
      options: AssertOptions,
      callback: (error: Error | null, response?: AssertResponse) => void,
    ): void;
  }
  export class IdentityProvider {
    constructor(options: {
      readonly sso_login_url: string;
      readonly sso_logout_url: string;
      readonly certificates: readonly string[];
    });
  }
}

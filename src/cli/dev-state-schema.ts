// The schema of the state file of `sallyport dev`.
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const text = Type.String();

export const DevStateSchema = Type.Object({
  broker: Type.String({ description: 'Base URL of the broker.' }),
  signIn: Type.String({ description: 'Where a browser signs in.' }),
  sts: Type.String({ description: 'Base URL of the local STS.' }),
  consoleSignin: Type.String({ description: 'URL of the federation endpoint of the local console sign-in.' }),
  oidc: Type.Object({ issuer: text }),
  saml: Type.Object({
    metadata: Type.String({ description: 'URL of the metadata document.' }),
    sso: Type.String({ description: 'URL of single sign-on.' }),
  }),
  config: Type.String({ description: "Path of the broker's config file." }),
  users: Type.Array(Type.Object({ name: text, password: text, groups: Type.Array(text) })),
});

export const isDevState = (state: unknown): state is Static<typeof DevStateSchema> =>
  Value.Check(DevStateSchema, state);

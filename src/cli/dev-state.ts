// The state of a running `sallyport dev`, through which other commands find it: a JSON file that only its owner may read.
import { readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { writePrivateFile } from '@sallyport/client/internal/private-files';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const text = Type.String();

const DevState = Type.Object({
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
export type DevState = Static<typeof DevState>;

function statePath(): string {
  return join(tmpdir(), `sallyport-dev-${userInfo().uid}.json`);
}

/** The state of the running `dev`. Undefined if none is running, or if the file is not readable or not valid. */
export async function readDevState(): Promise<DevState | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(statePath(), 'utf8'));
    return Value.Check(DevState, state) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the state of any `dev` that ran before. */
export async function writeDevState(state: DevState): Promise<void> {
  await writePrivateFile(statePath(), JSON.stringify(state));
}

/** Removes the state if it is that of the `dev` with this broker, and leaves the state of another `dev` in place. */
export async function removeDevState(broker: string): Promise<void> {
  if ((await readDevState())?.broker === broker) await rm(statePath(), { force: true });
}

// How other commands find a running `sallyport dev`: one JSON file that only its owner may read.
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

/** What the running `dev` wrote; undefined if none runs, or what is there cannot be read. */
export async function readDevState(): Promise<DevState | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(statePath(), 'utf8'));
    return Value.Check(DevState, state) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Says where this `dev` is, in place of any that ran before. */
export async function writeDevState(state: DevState): Promise<void> {
  await writePrivateFile(statePath(), JSON.stringify(state));
}

/** Called when the `dev` whose broker this is ends; another one's state stays. */
export async function removeDevState(broker: string): Promise<void> {
  if ((await readDevState())?.broker === broker) await rm(statePath(), { force: true });
}

// The state of a running `sallyport dev`, through which other commands find it: a JSON file that only its owner may read.
import { readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { writePrivateFile } from '@sallyport/client/internal/private-files';
import type { Static } from 'typebox';
import type { DevStateSchema } from './dev-state-schema.js';

export type DevState = Static<typeof DevStateSchema>;

function statePath(): string {
  return join(tmpdir(), `sallyport-dev-${userInfo().uid}.json`);
}

/** The state of the running `dev`. Undefined if none is running, or if the file is not readable or not valid. */
export async function readDevState(): Promise<DevState | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(statePath(), 'utf8'));
    // Loaded only where there is a state to check: the validator would double the start-up time of every command.
    const { isDevState } = await import('./dev-state-schema.js');
    return isDevState(state) ? state : undefined;
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

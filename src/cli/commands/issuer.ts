// `sallyport issuer`: manages the signing keys and public documents of the broker as an OIDC issuer. It prints the next
// steps and when they are due. It prints no secrets.
import type { Command } from 'commander';
import type { KeyUse } from '../../config/key-folder.js';
import { toIsoSeconds } from '../../core/time.js';
import type { KeyState, RotationOptions } from '../../issuance/oidc-issuer/rotate-keys.js';
import { CONFIG_DESCRIPTION, CONFIG_FLAGS } from '../options/shared-options.js';
import { configErrorText } from '../output/errors.js';
import type { Terminal } from '../terminal.js';

interface NowOption {
  readonly now?: boolean;
}

export function registerIssuer(program: Command, terminal: Terminal): void {
  const issuer = program
    .command('issuer')
    .description('manage the signing keys and public documents of the broker as OIDC issuer (keyless mode)');
  const keyCommand = (name: string, description: string) =>
    issuer.command(name).description(description).argument('<folder>', 'folder of the keys');

  keyCommand(
    'generate',
    'create the first key, or the next key, which is published before it is used to sign',
  ).action(async (folder: string) => {
    const { generateKey } = await import('../../issuance/oidc-issuer/rotate-keys.js');
    await generateKey(folder, rotationOptions({}));
    await printStatus(folder, { changed: true }, terminal);
  });
  keyCommand('rotate', 'sign with the next key; the previous key stays published')
    .option('--now', 'do not wait until the next key is known everywhere; use this if a key has leaked')
    .action(async (folder: string, options: NowOption) => {
      const { rotateKeys } = await import('../../issuance/oidc-issuer/rotate-keys.js');
      await rotateKeys(folder, rotationOptions(options));
      await printStatus(folder, { changed: true }, terminal);
    });
  keyCommand('retire', 'stop publishing the previous key')
    .option('--now', 'do not wait until its tokens have expired; use this if the key has leaked')
    .action(async (folder: string, options: NowOption) => {
      const { retireKey } = await import('../../issuance/oidc-issuer/rotate-keys.js');
      await retireKey(folder, rotationOptions(options));
      await printStatus(folder, { changed: true }, terminal);
    });
  keyCommand('status', 'show the keys and the next steps')
    .option('--json', 'print JSON')
    .action(async (folder: string, { json = false }: { readonly json?: boolean }) =>
      printStatus(folder, { changed: false, json }, terminal),
    );
  issuer
    .command('export')
    .description('write the discovery document and key set that the broker serves to files')
    .argument('<folder>', 'output folder, such as one that is copied to S3')
    .requiredOption(CONFIG_FLAGS, CONFIG_DESCRIPTION)
    .action((folder: string, { config }: { readonly config: string }) =>
      exportDocuments(folder, config, terminal),
    );
  issuer
    .command('subject')
    .description('print the `sub` claim of a caller in tokens of the broker, for IAM trust policies')
    .argument('<issuer>', 'name of the issuer in the config')
    .argument('<subject>', 'the sub claim of the JWT, or the NameID')
    .action(async (name: string, subject: string) => {
      const { webIdentitySubject } = await import('../../issuance/oidc-issuer/subject.js');
      terminal.print(webIdentitySubject({ issuer: name, subject }));
    });
}

const rotationOptions = ({ now = false }: NowOption): RotationOptions => ({
  now: new Date(),
  immediately: now,
});

const PUBLISH =
  'Next: copy this folder to every broker. If AWS reads exported files, run sallyport issuer export and upload them.';
const EARLIEST =
  'These are the earliest times. If a broker or the upload gets a change later, count from then.';

async function printStatus(
  folder: string,
  { changed, json = false }: { readonly changed: boolean; readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { listKeys, rotationTimes } = await import('../../issuance/oidc-issuer/rotate-keys.js');
  const keys = await listKeys(folder);
  const { rotate, retire } = rotationTimes(keys);
  if (json) {
    terminal.print(JSON.stringify({ keys, rotateFrom: rotate, retireFrom: retire }, undefined, 2));
    return;
  }
  if (!keys.some(({ use }) => use === 'current'))
    throw new Error('This folder contains no signing key. Create one with sallyport issuer generate.');
  const dueSteps = [
    ...(retire ? [`From ${toIsoSeconds(retire)}: sallyport issuer retire ${folder}`] : []),
    ...(rotate ? [`From ${toIsoSeconds(rotate)}: sallyport issuer rotate ${folder}`] : []),
  ];
  const lines = [
    ...keys.map(keyLine),
    '',
    ...(changed ? [PUBLISH] : []),
    ...dueSteps,
    dueSteps.length > 0 ? EARLIEST : `To replace the key: sallyport issuer generate ${folder}`,
  ];
  terminal.print(lines.join('\n'));
}

/** `since`: when the file of the key was written. */
const USE_TEXT: Readonly<Record<KeyUse, (since: string) => string>> = {
  current: () => 'signs',
  next: (since) => `signs next; published since ${since}`,
  previous: (since) => `still published; signed until ${since}`,
};

const keyLine = ({ use, kid, since }: KeyState) =>
  `${`${use}.pem`.padEnd(14)}${kid}  ${USE_TEXT[use](toIsoSeconds(since))}`;

async function exportDocuments(folder: string, file: string, terminal: Terminal): Promise<void> {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { dirname, join } = await import('node:path');
  const { loadConfig } = await import('../../config/load.js');
  const { openWebIdentityIssuer } = await import('../../issuance/oidc-issuer/web-identity-issuer.js');
  const fail = (errors: Parameters<typeof configErrorText>[0]) => {
    terminal.printError(configErrorText(errors, 'Nothing was exported.'));
    terminal.setExitCode(1);
  };
  const result = loadConfig(file, terminal.env);
  if (!result.ok) return fail(result.errors);
  const { config, locateErrors } = result.loaded;
  if (!config.webIdentity)
    throw new Error('The config has no webIdentity section, so there is nothing to export.');
  const opened = await openWebIdentityIssuer(config.webIdentity, config.server.url);
  if (!opened.ok) return fail(locateErrors(opened.errors));
  for (const [path, text] of Object.entries(opened.issuer.documents)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    terminal.print(target);
  }
}

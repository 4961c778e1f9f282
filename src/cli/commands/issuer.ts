// `sallyport issuer`: the broker's own signing keys, their public documents, and the subject of its tokens. It prints
// what to do next and when, and nothing that is secret.
import type { Command } from 'commander';
import type { KeyUse } from '../../config/key-folder.js';
import { toIsoSeconds } from '../../core/time.js';
import type { KeyState, RotationOptions } from '../../issuance/oidc-issuer/rotate-keys.js';
import { out, printConfigErrors } from '../output/print.js';

/** By what a key is used for, from when its file was written. */
const DOES: Readonly<Record<KeyUse, (since: string) => string>> = {
  current: () => 'signs',
  next: (since) => `signs next; published since ${since}`,
  previous: (since) => `still published; signed until ${since}`,
};

const rotationOptions = ({ now = false }: { readonly now?: boolean }): RotationOptions => ({
  now: new Date(),
  immediately: now,
});

export function registerIssuer(program: Command): void {
  const issuer = program
    .command('issuer')
    .description('signing keys and public documents of the broker as OIDC issuer (keyless mode)');
  const command = (name: string, description: string) =>
    issuer.command(name).description(description).argument('<folder>', 'the folder of the keys');

  command('generate', 'make the first key, or the next one, which is published before it signs').action(
    async (folder: string) => {
      const { generateKey } = await import('../../issuance/oidc-issuer/rotate-keys.js');
      await generateKey(folder, rotationOptions({}));
      await report(folder, { changed: true });
    },
  );
  command('rotate', 'let the next key sign; the one before stays published')
    .option('--now', 'do not wait: a key has leaked')
    .action(async (folder: string, options: { readonly now?: boolean }) => {
      const { rotateKeys } = await import('../../issuance/oidc-issuer/rotate-keys.js');
      await rotateKeys(folder, rotationOptions(options));
      await report(folder, { changed: true });
    });
  command('retire', 'publish the previous key no longer')
    .option('--now', 'do not wait: a key has leaked')
    .action(async (folder: string, options: { readonly now?: boolean }) => {
      const { retireKey } = await import('../../issuance/oidc-issuer/rotate-keys.js');
      await retireKey(folder, rotationOptions(options));
      await report(folder, { changed: true });
    });
  command('status', 'show the keys, and what is to be done when')
    .option('--json', 'print JSON')
    .action(async (folder: string, options: { readonly json?: boolean }) =>
      report(folder, { changed: false, ...options }),
    );
  issuer
    .command('export')
    .description('write discovery document and key set as files, as the broker serves them')
    .argument('<folder>', 'where to, e.g. a folder that is copied to S3')
    .requiredOption('-c, --config <file>', 'the config file (YAML)')
    .action(exportDocuments);
  issuer
    .command('subject')
    .description('print the `sub` of a caller in tokens of the broker, for trust policies')
    .argument('<issuer>', "the issuer's name in the config")
    .argument('<subject>', 'sub of the JWT, or the NameID')
    .action(async (name: string, subject: string) => {
      const { webIdentitySubject } = await import('../../issuance/oidc-issuer/subject.js');
      out(webIdentitySubject({ issuer: name, subject }));
    });
}

async function report(
  folder: string,
  { changed, json = false }: { readonly changed: boolean; readonly json?: boolean },
): Promise<void> {
  const { rotationTimes, listKeys } = await import('../../issuance/oidc-issuer/rotate-keys.js');
  const states = await listKeys(folder);
  const { rotate, retire } = rotationTimes(states);
  if (json) {
    out(JSON.stringify({ keys: states, rotateFrom: rotate, retireFrom: retire }, undefined, 2));
    return;
  }
  if (!states.some(({ use }) => use === 'current'))
    throw new Error('There is no key that signs here. Make one with sallyport issuer generate.');
  const due = [
    ...(retire ? [`From ${toIsoSeconds(retire)}: sallyport issuer retire ${folder}`] : []),
    ...(rotate ? [`From ${toIsoSeconds(rotate)}: sallyport issuer rotate ${folder}`] : []),
  ];
  const steps = [
    ...(changed ? [PUBLISH] : []),
    ...due,
    due.length > 0 ? EARLIEST : `When the key is to be replaced: sallyport issuer generate ${folder}`,
  ];
  out([...states.map(line), '', ...steps].join('\n'));
}

const PUBLISH =
  'Now: bring this folder to every broker. If AWS reads exported files, run sallyport issuer export and upload them.';
const EARLIEST =
  'These times are the earliest. If a broker or the upload gets a change later, count from then.';

const line = ({ use, kid, since }: KeyState) =>
  `${`${use}.pem`.padEnd(14)}${kid}  ${DOES[use](toIsoSeconds(since))}`;

async function exportDocuments(folder: string, { config: file }: { readonly config: string }): Promise<void> {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { dirname, join } = await import('node:path');
  const { loadConfig } = await import('../../config/load.js');
  const { openWebIdentityIssuer } = await import('../../issuance/oidc-issuer/web-identity-issuer.js');
  const result = loadConfig(file, process.env);
  if (!result.ok) {
    printConfigErrors(result.errors, 'Nothing was exported.');
    process.exitCode = 1;
    return;
  }
  const { config, locateErrors } = result.loaded;
  if (!config.webIdentity)
    throw new Error('The config has no section webIdentity, so there is nothing to publish.');
  const opened = await openWebIdentityIssuer(config.webIdentity, config.server.url);
  if (!opened.ok) {
    printConfigErrors(locateErrors(opened.errors), 'Nothing was exported.');
    process.exitCode = 1;
    return;
  }
  for (const [path, text] of Object.entries(opened.issuer.documents)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    out(target);
  }
}

// A config file -> a typed Config, or every fault in it at once, each with its line and column.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Document, LineCounter } from 'yaml';
import type { ConfigError, LocatedConfigError } from '../core/config-error.js';
import { interpolate } from './interpolate.js';
import { keyFilePaths } from './key-folder.js';
import { locate } from './locate.js';
import { readYaml } from './read-yaml.js';
import { type Config, ConfigSchema } from './schema/config.js';
import { checkCrossReferences } from './validate/cross-references.js';
import { describeSchemaErrors } from './validate/schema-errors.js';
import { namesIn, regionIn, validSubset } from './validate/valid-subset.js';

const MAX_BYTES = 4 * 1024 * 1024;

const validate = new Ajv2020({
  allErrors: true,
  verbose: true,
  discriminator: true,
  strict: false,
}).compile(ConfigSchema);

/** A config without faults of its own; later stages (authn, authz) may still find some, and locate them here. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
  /** What came of the candidate that `shadow` names. */
  readonly shadow?: LoadResult;
  /** Gives faults their place in the file, in its order. */
  locateErrors(faults: readonly ConfigError[]): readonly LocatedConfigError[];
}

export type LoadResult = {
  /** Absolute paths of all files whose content makes the config, there or not. */
  readonly files: readonly string[];
} & (
  | { readonly ok: true; readonly loaded: LoadedConfig; readonly errors: readonly [] }
  /** `loaded` holds what was sound, without the entries at fault, so that later stages can add their faults. */
  | { readonly ok: false; readonly loaded?: LoadedConfig; readonly errors: readonly LocatedConfigError[] }
);

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks a file, and the one its `shadow` names. Never throws for what is in them, or for a file that is not there. */
export function loadConfig(file: string, env: Environment): LoadResult {
  const result = loadOne(file, env);
  const candidate = result.loaded?.config.shadow;
  if (!result.loaded || candidate === undefined) return result;
  const shadow = loadOne(candidate, env);
  return {
    ...result,
    loaded: { ...result.loaded, shadow },
    files: [...new Set([...result.files, ...shadow.files])],
  };
}

function loadOne(file: string, env: Environment): LoadResult {
  const at = (message: string, line = 1, column = 1): LoadResult => ({
    ok: false,
    errors: [{ file, line, column, path: [], message }],
    files: [resolve(file)],
  });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return at(`The config file cannot be read (${code}). Check the path and its permissions.`);
  }
  if (bytes.length > MAX_BYTES) return at('The config file is larger than 4 MiB. Split it.');
  return parseConfig(bytes.toString('utf8'), file, env);
}

/** The same for a text. `file` names it in faults, and relative paths start from its folder. */
export function parseConfig(text: string, file: string, env: Environment): LoadResult {
  const yaml = readYaml(text);
  if (!yaml.ok) {
    const faults = yaml.errors.map((fault) => ({ file, path: [], ...fault }));
    return { ok: false, errors: faults, files: [resolve(file)] };
  }
  const { value, document, lines } = yaml;
  const locateFaults = locator(document, lines, file);
  const folder = dirname(resolve(file));
  const interpolated = interpolate(value, { env, folder });
  const read = [resolve(file), ...interpolated.files];
  const unreadable = [...yaml.errors, ...interpolated.errors];
  const known = new Set(unreadable.map(({ path }) => path.join('\0')));
  const errors = validate(interpolated.value)
    ? []
    : describeSchemaErrors(validate.errors ?? [], interpolated.value);
  const ownFaults = [...unreadable, ...errors.filter(({ path }) => !known.has(path.join('\0')))];
  const shaped = validSubset(interpolated.value, ownFaults);
  if (!validate(shaped.value)) return { ok: false, errors: locateFaults(ownFaults), files: read };

  const references = checkCrossReferences(shaped.value as Config, {
    issuers: namesIn(interpolated.value, 'issuers'),
    roles: namesIn(interpolated.value, 'roles'),
    rolesFrom: namesIn(interpolated.value, 'rolesFrom') ?? [],
    webIdentity: namesIn(interpolated.value, 'webIdentity') !== undefined,
    region: regionIn(interpolated.value),
  });
  const faults = [...ownFaults, ...references.map(shaped.restorePath)];
  const sound = validSubset(interpolated.value, faults);
  const config = withAbsolutePaths(sound.value as Config, folder);
  const files = [...new Set([...read, ...filesNamed(config)])];
  const loaded = {
    file,
    config,
    locateErrors: (later: readonly ConfigError[]) => locateFaults(later.map(sound.restorePath)),
  };
  if (faults.length > 0) return { ok: false, loaded, errors: locateFaults(faults), files };
  return { ok: true, loaded, errors: [], files };
}

function locator(document: Document, lines: LineCounter, file: string): LoadedConfig['locateErrors'] {
  return (faults) =>
    faults
      .map((fault) => ({ file, ...locate(document, lines, fault.path), ...fault }))
      .sort((a, b) => a.line - b.line || a.column - b.column);
}

const isUrl = (path: string) => /^https?:\/\//.test(path);

/** What is read once, when the config is taken. The store keeps its connections, and tokens of `tokenFile` are read each time. */
function filesNamed({ server, issuers, webIdentity }: Config): readonly string[] {
  return [
    ...Object.values(server.tls ?? {}),
    ...(webIdentity ? keyFilePaths(webIdentity.keys) : []),
    ...Object.values(issuers).flatMap((issuer) =>
      issuer.type === 'saml' ? issuer.metadata : (issuer.ca ?? []),
    ),
  ].filter((path) => !isUrl(path));
}

/** Files in the config are relative to it. */
function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (path: string) => (isUrl(path) ? path : resolve(folder, path));
  const { store, shadow, webIdentity } = config;
  const { tls } = config.server;
  return {
    ...config,
    server: tls
      ? { ...config.server, tls: { cert: absolute(tls.cert), key: absolute(tls.key) } }
      : config.server,
    issuers: Object.fromEntries(
      Object.entries(config.issuers).map(([name, issuer]) => [
        name,
        issuer.type === 'saml'
          ? { ...issuer, metadata: absolute(issuer.metadata) }
          : {
              ...issuer,
              ...(issuer.ca !== undefined && { ca: absolute(issuer.ca) }),
              ...(issuer.tokenFile !== undefined && { tokenFile: absolute(issuer.tokenFile) }),
            },
      ]),
    ),
    ...(config.audit && {
      audit: {
        sinks: config.audit.sinks.map((sink) =>
          sink.type === 'file' ? { ...sink, path: absolute(sink.path) } : sink,
        ),
      },
    }),
    ...(webIdentity && { webIdentity: { ...webIdentity, keys: absolute(webIdentity.keys) } }),
    ...(shadow !== undefined && { shadow: absolute(shadow) }),
    ...(store && {
      store: 'tls' in store && store.tls ? { ...store, tls: { ca: absolute(store.tls.ca) } } : store,
    }),
  };
}

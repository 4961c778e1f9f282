// Entry point of this folder. A config file becomes a typed Config, or a list of all its errors with line and column.
// loadConfig: file -> YAML -> interpolation -> schema -> cross-references. The sections are defined in schema/.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Document, LineCounter } from 'yaml';
import type { ConfigError, LocatedConfigError } from '../core/config-error.js';
import { omitUndefined } from '../core/omit-undefined.js';
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

/** A config that the schema and the cross-references accept. Later stages (authn, authz) may add errors and locate them here. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
  /** The result of loading the candidate file that `shadow` names. */
  readonly shadow?: LoadResult;
  /** Adds line and column to errors and sorts them by position. */
  locateErrors(errors: readonly ConfigError[]): readonly LocatedConfigError[];
}

export type LoadResult = {
  /** Absolute paths of all files that the config depends on, whether they exist or not. */
  readonly files: readonly string[];
} & (
  | { readonly ok: true; readonly loaded: LoadedConfig; readonly errors: readonly [] }
  /** `loaded` has the valid part of the config, without the invalid entries, so that later stages can add their errors. */
  | { readonly ok: false; readonly loaded?: LoadedConfig; readonly errors: readonly LocatedConfigError[] }
);

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and validates a file, and the candidate that its `shadow` names. A missing or invalid file is a result, not an exception. */
export function loadConfig(file: string, env: Environment): LoadResult {
  const result = loadFile(file, env);
  const candidate = result.loaded?.config.shadow;
  if (!result.loaded || candidate === undefined) return result;
  const shadow = loadFile(candidate, env);
  return {
    ...result,
    loaded: { ...result.loaded, shadow },
    files: [...new Set([...result.files, ...shadow.files])],
  };
}

function loadFile(file: string, env: Environment): LoadResult {
  const failure = (message: string): LoadResult => ({
    ok: false,
    errors: [{ file, line: 1, column: 1, path: [], message }],
    files: [resolve(file)],
  });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return failure(`Cannot read the config file (${code}). Check the path and the permissions.`);
  }
  if (bytes.length > MAX_BYTES) return failure('The config file is larger than 4 MiB. Reduce it.');
  return parseConfig(bytes.toString('utf8'), file, env);
}

/** Parses and validates config text. `file` appears in errors, and relative paths start from its folder. */
export function parseConfig(text: string, file: string, env: Environment): LoadResult {
  const yaml = readYaml(text);
  if (!yaml.ok) {
    const errors = yaml.errors.map((error) => ({ file, path: [], ...error }));
    return { ok: false, errors, files: [resolve(file)] };
  }
  const { value, document, lines } = yaml;
  const locateErrors = (errors: readonly ConfigError[]) => locateAll(errors, document, lines, file);
  const folder = dirname(resolve(file));
  const interpolated = interpolate(value, { env, folder });
  const filesRead = [resolve(file), ...interpolated.files];

  // A value that could not be read also violates the schema: report only the first error of a path.
  const readErrors = [...yaml.errors, ...interpolated.errors];
  const reportedPaths = new Set(readErrors.map(({ path }) => path.join('\0')));
  const schemaErrors = validate(interpolated.value)
    ? []
    : describeSchemaErrors(validate.errors ?? [], interpolated.value);
  const entryErrors = [
    ...readErrors,
    ...schemaErrors.filter(({ path }) => !reportedPaths.has(path.join('\0'))),
  ];
  const wellFormed = validSubset(interpolated.value, entryErrors);
  if (!validate(wellFormed.value)) return { ok: false, errors: locateErrors(entryErrors), files: filesRead };

  const referenceErrors = checkCrossReferences(wellFormed.value as Config, {
    issuers: namesIn(interpolated.value, 'issuers'),
    roles: namesIn(interpolated.value, 'roles'),
    rolesFrom: namesIn(interpolated.value, 'rolesFrom') ?? [],
    webIdentity: namesIn(interpolated.value, 'webIdentity') !== undefined,
    region: regionIn(interpolated.value),
  });
  const errors = [...entryErrors, ...referenceErrors.map(wellFormed.restorePath)];
  const valid = validSubset(interpolated.value, errors);
  const config = withAbsolutePaths(valid.value as Config, folder);
  const files = [...new Set([...filesRead, ...referencedFiles(config)])];
  const loaded = {
    file,
    config,
    locateErrors: (later: readonly ConfigError[]) => locateErrors(later.map(valid.restorePath)),
  };
  if (errors.length > 0) return { ok: false, loaded, errors: locateErrors(errors), files };
  return { ok: true, loaded, errors: [], files };
}

function locateAll(
  errors: readonly ConfigError[],
  document: Document,
  lines: LineCounter,
  file: string,
): readonly LocatedConfigError[] {
  return errors
    .map((error) => ({ file, ...locate(document, lines, error.path), ...error }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

const isUrl = (path: string) => /^https?:\/\//.test(path);

/**
 * Files that are read once, when the config is activated. Not included: `store.tls.ca`, because the store keeps its
 * connections, and `tokenFile`, which is read before each use.
 */
function referencedFiles({ server, issuers, webIdentity }: Config): readonly string[] {
  return [
    ...Object.values(server.tls ?? {}),
    ...(webIdentity ? keyFilePaths(webIdentity.keys) : []),
    ...Object.values(issuers).flatMap((issuer) =>
      issuer.type === 'saml' ? issuer.metadata : (issuer.ca ?? []),
    ),
  ].filter((path) => !isUrl(path));
}

/** Resolves file paths relative to the folder of the config file. */
function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (path: string) => (isUrl(path) ? path : resolve(folder, path));
  const absoluteIfSet = (path: string | undefined) => (path === undefined ? undefined : absolute(path));
  const { server, issuers, audit, webIdentity, shadow, store } = config;
  const { tls } = server;
  return {
    ...config,
    server: tls ? { ...server, tls: { cert: absolute(tls.cert), key: absolute(tls.key) } } : server,
    issuers: Object.fromEntries(
      Object.entries(issuers).map(([name, issuer]) => [
        name,
        issuer.type === 'saml'
          ? { ...issuer, metadata: absolute(issuer.metadata) }
          : {
              ...issuer,
              ...omitUndefined({
                ca: absoluteIfSet(issuer.ca),
                tokenFile: absoluteIfSet(issuer.tokenFile),
              }),
            },
      ]),
    ),
    ...omitUndefined({
      audit: audit && {
        sinks: audit.sinks.map((sink) =>
          sink.type === 'file' ? { ...sink, path: absolute(sink.path) } : sink,
        ),
      },
      webIdentity: webIdentity && { ...webIdentity, keys: absolute(webIdentity.keys) },
      shadow: absoluteIfSet(shadow),
      store: store && 'tls' in store && store.tls ? { ...store, tls: { ca: absolute(store.tls.ca) } } : store,
    }),
  };
}

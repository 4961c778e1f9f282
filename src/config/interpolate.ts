// `${env:NAME}` and `${file:PATH}` in any string of the config: secrets and per-machine values stay out of the file.
// `${claims.…}` and IAM's own policy variables are left alone. A missing variable or file is a fault, never empty.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigError, ConfigPath } from '../core/config-error.js';

export const REFERENCE_PATTERN = '\\$\\{(env|file):([^}]*)\\}';
const REFERENCE = new RegExp(REFERENCE_PATTERN, 'g');

export interface InterpolationSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative file paths start from: the config file's. */
  readonly folder: string;
}

/** A grant's `when` is code: nothing is put into it, and its faults may repeat what it says. */
const isExpression = (path: ConfigPath) => path[0] === 'grants' && path.length === 3 && path[2] === 'when';

/** Replaces references in every string of `value`, a tree of plain JSON values. `files` are those it read or would have. */
export function interpolate(
  value: unknown,
  sources: InterpolationSources,
): { readonly value: unknown; readonly errors: readonly ConfigError[]; readonly files: readonly string[] } {
  const faults: ConfigError[] = [];
  const files: string[] = [];

  const resolveReference = (kind: string, name: string, path: ConfigPath): string => {
    if (kind === 'env') {
      const found = Object.hasOwn(sources.env, name) ? sources.env[name] : undefined;
      if (found !== undefined && found !== '') return found;
      faults.push({ path, message: `The environment variable ${name} is not set. Set it before starting.` });
      return '';
    }
    const file = resolve(sources.folder, name);
    files.push(file);
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      faults.push({
        path,
        message: `The file ${name} cannot be read (${code}). Check the path and its permissions.`,
      });
      return '';
    }
  };

  const walk = (node: unknown, path: ConfigPath): unknown => {
    if (typeof node === 'string') {
      if (isExpression(path)) return node;
      return node.replace(REFERENCE, (_, kind: string, name: string) => resolveReference(kind, name, path));
    }
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, index]));
    if (typeof node === 'object' && node !== null) {
      return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, [...path, key])]));
    }
    return node;
  };

  return { value: walk(value, []), errors: faults, files };
}

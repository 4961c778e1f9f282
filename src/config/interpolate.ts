// `${env:NAME}` and `${file:PATH}` in any string of the config keep secrets and per-machine values out of the file.
// `${claims.…}` and IAM policy variables are not touched. A missing variable or file is an error, never an empty string.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigError, ConfigPath } from '../core/config-error.js';

export const REFERENCE_PATTERN = '\\$\\{(env|file):([^}]*)\\}';
const REFERENCE = new RegExp(REFERENCE_PATTERN, 'g');

export interface InterpolationSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Base folder of relative file paths: the folder of the config file. */
  readonly folder: string;
}

export interface Interpolated {
  readonly value: unknown;
  readonly errors: readonly ConfigError[];
  /** Paths of all referenced files, readable or not. */
  readonly files: readonly string[];
}

/** Replaces the references in every string of `value`, a tree of plain JSON values. */
export function interpolate(value: unknown, sources: InterpolationSources): Interpolated {
  const errors: ConfigError[] = [];
  const files: string[] = [];

  const resolveVariable = (name: string, path: ConfigPath): string => {
    const text = Object.hasOwn(sources.env, name) ? sources.env[name] : undefined;
    if (text !== undefined && text !== '') return text;
    errors.push({ path, message: `Environment variable ${name} is not set or is empty. Set it.` });
    return '';
  };

  const resolveFile = (name: string, path: ConfigPath): string => {
    const file = resolve(sources.folder, name);
    files.push(file);
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      errors.push({
        path,
        message: `Cannot read file ${name} (${code}). Check the path and the permissions.`,
      });
      return '';
    }
  };

  const interpolateNode = (node: unknown, path: ConfigPath): unknown => {
    if (typeof node === 'string') {
      if (isExpression(path)) return node;
      return node.replace(REFERENCE, (_, kind: string, name: string) =>
        kind === 'env' ? resolveVariable(name, path) : resolveFile(name, path),
      );
    }
    if (Array.isArray(node)) return node.map((item, index) => interpolateNode(item, [...path, index]));
    if (typeof node === 'object' && node !== null) {
      return Object.fromEntries(
        Object.entries(node).map(([key, item]) => [key, interpolateNode(item, [...path, key])]),
      );
    }
    return node;
  };

  return { value: interpolateNode(value, []), errors, files };
}

/** Whether the path is a grant's `when`. It is code: nothing is interpolated, and its errors may quote it. */
const isExpression = (path: ConfigPath) => path[0] === 'grants' && path.length === 3 && path[2] === 'when';

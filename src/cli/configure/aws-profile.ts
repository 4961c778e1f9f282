// Reads and edits one profile in the text of an AWS config or credentials file. Everything else stays byte for byte.
// A section header starts at the beginning of a line. A line that is indented deeper than a setting continues it, as in
// Python's configparser.
import { join } from 'node:path';
import type { Terminal } from '../terminal.js';

/** Path of the config file, as AWS SDKs and tools find it. */
export const awsConfigFile = ({ env, homeFolder }: Terminal): string =>
  env['AWS_CONFIG_FILE'] || join(homeFolder, '.aws', 'config');

/** Path of the credentials file, as AWS SDKs and tools find it. */
export const awsCredentialsFile = ({ env, homeFolder }: Terminal): string =>
  env['AWS_SHARED_CREDENTIALS_FILE'] || join(homeFolder, '.aws', 'credentials');

/** Settings that take precedence over `credential_process` in some SDK, or that belong to such a setting. */
const OTHER_CREDENTIAL_SETTINGS =
  /^(?:aws_access_key_id|aws_secret_access_key|aws_session_token|role_arn|source_profile|credential_source|web_identity_token_file|role_session_name|external_id|mfa_serial|duration_seconds|login_session|sso_.*)$/;

export type FileKind = 'config' | 'credentials';

/** One line with its line ending, or several lines that form one setting. */
interface Entry {
  /** Lower case. Undefined for comments and blank lines. */
  readonly key?: string;
  readonly text: string;
}

interface Section {
  /** The header line. Empty for the text before the first section. */
  readonly header: string;
  readonly entries: readonly Entry[];
}

export interface ProfileChange {
  readonly text: string;
  /** Names of other credential settings, which the new text no longer contains. */
  readonly removed: readonly string[];
}

/**
 * Sets these settings in the profile and removes settings that would take precedence over `credential_process`. A new
 * profile is appended. Throws an Error if the profile exists twice.
 */
export function setProfile(text: string, name: string, settings: ReadonlyMap<string, string>): ProfileChange {
  const sections = parseSections(text);
  const found = findProfile(sections, name, 'config');
  const end = /\r?\n/.exec(text)?.[0] ?? '\n';
  if (!found) {
    const header = `[${name === 'default' ? name : `profile ${name}`}]${end}`;
    return { text: `${withBlankLine(text, end)}${header}${settingLines(settings, end)}`, removed: [] };
  }
  const remaining = found.entries.filter(({ key = '' }) => !OTHER_CREDENTIAL_SETTINGS.test(key));
  const changed: Section = {
    header: withLineEnding(found.header, end),
    entries: withSettings(remaining, settings, end),
  };
  const removed = found.entries.flatMap(({ key }) =>
    key !== undefined && OTHER_CREDENTIAL_SETTINGS.test(key) ? [key] : [],
  );
  return { text: sections.map((section) => textOf(section === found ? changed : section)).join(''), removed };
}

/** Names of the credential settings of the profile in this text. */
export function credentialKeys(text: string, name: string, kind: FileKind): readonly string[] {
  const keys = findProfile(parseSections(text), name, kind)?.entries.map(({ key = '' }) => key) ?? [];
  return keys.filter((key) => OTHER_CREDENTIAL_SETTINGS.test(key) || key === 'credential_process');
}

function findProfile(sections: readonly Section[], name: string, kind: FileKind): Section | undefined {
  const [found, duplicate] = sections.filter(({ header }) => profileNameOf(header, kind) === name);
  if (duplicate) throw new Error(`The profile ${name} exists twice. Merge the two, then try again.`);
  return found;
}

/** Parses `[default]`, `[profile name]`, and `[profile "name"]` with either quotes; in a credentials file `[name]`. */
function profileNameOf(header: string, kind: FileKind): string | undefined {
  const [, title = ''] = /^\[\s*([^\]]*?)\s*\]/.exec(header) ?? [];
  if (kind === 'credentials' || title === 'default') return title;
  return /^profile\s+(["']?)(.*?)\1$/.exec(title)?.[2];
}

/** Replaces existing settings in place and puts new ones first. */
function withSettings(
  entries: readonly Entry[],
  settings: ReadonlyMap<string, string>,
  end: string,
): readonly Entry[] {
  const keys = new Set(entries.map(({ key }) => key));
  const added = new Map([...settings].filter(([key]) => !keys.has(key)));
  const changed = entries.map((entry): Entry => {
    const value = settings.get(entry.key ?? '');
    if (value === undefined) return entry;
    const updated = `${indentOf(entry.text)}${entry.key} = ${value}`;
    const isSame = entry.text.trimEnd() === updated;
    return isSame ? entry : { ...entry, text: `${updated}${/\n$/.test(entry.text) ? end : ''}` };
  });
  if (added.size === 0) return changed;
  // A setting before an indented line would absorb that line.
  const first = changed.findIndex(({ key }) => key !== undefined);
  const leading = first < 0 ? changed : changed.slice(0, first);
  const at = leading.some(({ text }) => /^[ \t]+\S/.test(text)) ? leading.length : 0;
  const before = withLineEnding(
    changed
      .slice(0, at)
      .map(({ text }) => text)
      .join(''),
    end,
  );
  // Same indentation as the next setting: a deeper line would continue the new setting.
  const indent = indentOf(changed[first]?.text ?? '');
  return [{ text: before + settingLines(added, end, indent) }, ...changed.slice(at)];
}

const settingLines = (settings: ReadonlyMap<string, string>, end: string, indent = '') =>
  [...settings].map(([key, value]) => `${indent}${key} = ${value}${end}`).join('');

const indentOf = (text: string) => /^[ \t]*/.exec(text)?.[0] ?? '';

function parseSections(text: string): readonly Section[] {
  const sections: { header: string; entries: { key?: string; text: string }[] }[] = [
    { header: '', entries: [] },
  ];
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const entries = sections.at(-1)?.entries ?? [];
    const last = entries.at(-1);
    const above = entries.findLast(({ key }) => key !== undefined)?.text ?? line;
    const isDeeper = indentOf(line).length > indentOf(above).length;
    const key = isDeeper ? undefined : /^[ \t]*([^\s=:#;[][^=:]*?)\s*[=:]/.exec(line)?.[1]?.toLowerCase();
    if (line.startsWith('[')) sections.push({ header: line, entries: [] });
    else if (isDeeper && line.trim() !== '' && last?.key !== undefined) last.text += line;
    else entries.push({ ...(key !== undefined && { key }), text: line });
  }
  return sections;
}

const textOf = ({ header, entries }: Section) => header + entries.map(({ text }) => text).join('');

const withLineEnding = (text: string, end: string) =>
  text === '' || text.endsWith('\n') ? text : text + end;

/** Adds a blank line, for a new section. */
function withBlankLine(text: string, end: string): string {
  const lines = withLineEnding(text, end);
  return lines === '' || /\n\r?\n$/.test(lines) ? lines : lines + end;
}

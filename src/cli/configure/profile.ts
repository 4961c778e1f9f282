// One profile in the text of an AWS config or credentials file: read, and changed so that everything else stays as it
// is, byte for byte. Sections begin a line; what is indented deeper than a setting belongs to it, as Python reads it.

/** Settings that some SDK takes before `credential_process`, or that would be left over without them. */
const OTHERS =
  /^(?:aws_access_key_id|aws_secret_access_key|aws_session_token|role_arn|source_profile|credential_source|web_identity_token_file|role_session_name|external_id|mfa_serial|duration_seconds|login_session|sso_.*)$/;

export type FileKind = 'config' | 'credentials';

/** A line with its own end, or several that are one entry. */
interface Entry {
  /** In lower case; undefined for comments and blank lines. */
  readonly key?: string;
  readonly text: string;
}

interface Section {
  /** The header's line; empty for what comes before the first. */
  readonly header: string;
  readonly entries: readonly Entry[];
}

export interface ProfileChange {
  readonly text: string;
  /** Keys of other credentials, which the new text has no more. */
  readonly removed: readonly string[];
}

/**
 * Gives the profile these settings, and takes from it all that would be used instead of `credential_process`. A profile
 * that is not there comes at the end. Throws an Error if it is there twice.
 */
export function setProfile(text: string, name: string, settings: ReadonlyMap<string, string>): ProfileChange {
  const sections = sectionsOf(text);
  const found = profileIn(sections, name, 'config');
  const end = /\r?\n/.exec(text)?.[0] ?? '\n';
  if (!found) {
    const header = `[${name === 'default' ? name : `profile ${name}`}]${end}`;
    return { text: `${endedText(text, end)}${header}${written(settings, end)}`, removed: [] };
  }
  const kept = found.entries.filter(({ key = '' }) => !OTHERS.test(key));
  const changed: Section = { header: ended(found.header, end), entries: withSettings(kept, settings, end) };
  const removed = found.entries.flatMap(({ key }) => (key !== undefined && OTHERS.test(key) ? [key] : []));
  return { text: sections.map((section) => textOf(section === found ? changed : section)).join(''), removed };
}

/** Keys of credentials that the profile has in this text. */
export function credentialKeys(text: string, name: string, kind: FileKind): readonly string[] {
  const keys = profileIn(sectionsOf(text), name, kind)?.entries.map(({ key = '' }) => key) ?? [];
  return keys.filter((key) => OTHERS.test(key) || key === 'credential_process');
}

function profileIn(sections: readonly Section[], name: string, kind: FileKind): Section | undefined {
  const [found, another] = sections.filter(({ header }) => profileOf(header, kind) === name);
  if (another) throw new Error(`The profile ${name} is there twice. Make it one, then try again.`);
  return found;
}

/** `[default]`, `[profile name]` or, in quotes of either kind, `[profile "name"]`; in the credentials file `[name]`. */
function profileOf(header: string, kind: FileKind): string | undefined {
  const [, title = ''] = /^\[\s*([^\]]*?)\s*\]/.exec(header) ?? [];
  if (kind === 'credentials' || title === 'default') return title;
  return /^profile\s+(["']?)(.*?)\1$/.exec(title)?.[2];
}

/** Each setting where it was, or first. */
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
    const line = `${indentOf(entry.text)}${entry.key} = ${value}`;
    const isSame = entry.text.trimEnd() === line;
    return isSame ? entry : { ...entry, text: `${line}${/\n$/.test(entry.text) ? end : ''}` };
  });
  if (added.size === 0) return changed;
  // An indented line would become part of a setting that is put before it.
  const first = changed.findIndex(({ key }) => key !== undefined);
  const opening = first < 0 ? changed : changed.slice(0, first);
  const at = opening.some(({ text }) => /^[ \t]+\S/.test(text)) ? opening.length : 0;
  const before = ended(
    changed
      .slice(0, at)
      .map(({ text }) => text)
      .join(''),
    end,
  );
  // As deep as what follows, which would become part of it otherwise.
  const indent = indentOf(changed[first]?.text ?? '');
  return [{ text: before + written(added, end, indent) }, ...changed.slice(at)];
}

const written = (settings: ReadonlyMap<string, string>, end: string, indent = '') =>
  [...settings].map(([key, value]) => `${indent}${key} = ${value}${end}`).join('');

const indentOf = (text: string) => /^[ \t]*/.exec(text)?.[0] ?? '';

function sectionsOf(text: string): readonly Section[] {
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

const ended = (text: string, end: string) => (text === '' || text.endsWith('\n') ? text : text + end);

/** Ended by a blank line, for a new section. */
function endedText(text: string, end: string): string {
  const whole = ended(text, end);
  return whole === '' || /\n\r?\n$/.test(whole) ? whole : whole + end;
}

// Reads the principals for `diff`: JSON, as a list or one per line, or an audit log. Audit records contain issuer,
// subject, and source address, but no claims.
import { readFile } from 'node:fs/promises';
import type { DiffSubject } from '../authz/explain/diff.js';
import { isJsonObject, parseJson } from '../core/json.js';
import { omitUndefined } from '../core/omit-undefined.js';
import type { ClaimValue } from '../core/types.js';

/** Returns distinct principals in the order of the file. Rejects with an Error that names the invalid entry. */
export async function readPrincipals(path: string): Promise<readonly DiffSubject[]> {
  const text = await readFile(path, 'utf8');
  const entries = text.trimStart().startsWith('[') ? parseList(text) : parseLines(text);
  const principals = entries.flatMap((entry, index) => toPrincipal(entry, index + 1) ?? []);
  return [...new Map(principals.map((principal) => [JSON.stringify(principal), principal])).values()];
}

function parseList(text: string): readonly ClaimValue[] {
  const list = parseEntry(text, 'The principals file');
  return Array.isArray(list) ? list : [];
}

const parseLines = (text: string): readonly ClaimValue[] =>
  text
    .split('\n')
    .flatMap((line, index) =>
      line.trim() === '' ? [] : [parseEntry(line, `Line ${index + 1} of the principals file`)],
    );

function parseEntry(text: string, location: string): ClaimValue {
  try {
    return parseJson(text);
  } catch {
    throw new Error(`${location} is not JSON. Use {"issuer":…,"claims":{…}}, one per line or in a list.`);
  }
}

/** Returns undefined for an audit record of an invalid proof, which has no principal. */
function toPrincipal(entry: ClaimValue, number: number): DiffSubject | undefined {
  if (isJsonObject(entry) && 'RequestId' in entry) return principalOfRecord(entry);
  const { issuer, subject, claims, sourceAddress = '127.0.0.1' } = isJsonObject(entry) ? entry : {};
  const isValid =
    typeof issuer === 'string' &&
    (subject === undefined || typeof subject === 'string') &&
    (claims === undefined || isJsonObject(claims)) &&
    typeof sourceAddress === 'string';
  if (!isValid)
    throw new Error(`Principal ${number} is invalid. Use {"issuer":"…","subject":"…","claims":{…}}.`);
  return { issuer, ...omitUndefined({ subject, claims }), sourceAddress };
}

function principalOfRecord({
  Principal,
  SourceAddress,
}: Readonly<Record<string, ClaimValue>>): DiffSubject | undefined {
  if (Principal === undefined || !isJsonObject(Principal)) return undefined;
  return {
    issuer: String(Principal['Issuer']),
    subject: String(Principal['Subject']),
    sourceAddress: String(SourceAddress),
  };
}

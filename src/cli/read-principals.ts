// The principals a change is tried on: JSON, as a list or one a line; or an audit log, whose records say who asked from
// where, but not with what claims.
import { readFile } from 'node:fs/promises';
import type { DiffSubject } from '../authz/explain/diff.js';
import { isJsonObject, parseJson } from '../core/json.js';
import type { ClaimValue } from '../core/types.js';

/** Each of them once, by the order of the file. Rejects with an Error that names the entry at fault. */
export async function readPrincipals(path: string): Promise<readonly DiffSubject[]> {
  const text = await readFile(path, 'utf8');
  const entries = text.trimStart().startsWith('[') ? listOf(text) : linesOf(text);
  const principals = entries.flatMap((entry, index) => principalOf(entry, index + 1) ?? []);
  return [...new Map(principals.map((principal) => [JSON.stringify(principal), principal])).values()];
}

function listOf(text: string): readonly ClaimValue[] {
  const list = parse(text, 'The file');
  return Array.isArray(list) ? list : [];
}

const linesOf = (text: string): readonly ClaimValue[] =>
  text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [parse(line, `Line ${index + 1}`)]));

function parse(text: string, what: string): ClaimValue {
  try {
    return parseJson(text);
  } catch {
    throw new Error(
      `${what} of the principals is not JSON. Write {"issuer":…,"claims":{…}}, one a line or in a list.`,
    );
  }
}

/** Undefined for a record of a proof that was refused: nobody is known to have asked. */
function principalOf(entry: ClaimValue, number: number): DiffSubject | undefined {
  if (isJsonObject(entry) && 'RequestId' in entry) return recordedOf(entry);
  const { issuer, subject, claims, sourceAddress = '127.0.0.1' } = isJsonObject(entry) ? entry : {};
  const sound =
    typeof issuer === 'string' &&
    (subject === undefined || typeof subject === 'string') &&
    (claims === undefined || isJsonObject(claims)) &&
    typeof sourceAddress === 'string';
  if (!sound)
    throw new Error(`Principal ${number} is not sound. Write {"issuer":"…","subject":"…","claims":{…}}.`);
  return {
    issuer,
    ...(subject !== undefined && { subject }),
    ...(claims !== undefined && { claims }),
    sourceAddress,
  };
}

function recordedOf({
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

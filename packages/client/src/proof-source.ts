// Reads a proof from a string, a function, or a file. It is read again for each request, because tokens are rotated.
import { readFile } from 'node:fs/promises';
import { Secret } from './secret.js';
import type { IssuerType, Proof } from './types.js';

export type ProofText = string | (() => string | Promise<string>) | { readonly file: string };

/** Rejects with an Error that says what to do and does not contain the proof. */
export async function readProof(type: IssuerType, source: ProofText): Promise<Proof> {
  if (typeof source === 'string') return toProof(type, source);
  return toProof(type, typeof source === 'function' ? await source() : await readTextFile(source.file));
}

/** Trims whitespace. Throws an Error if the text cannot be a proof. */
function toProof(type: IssuerType, text: string): Proof {
  const value = text.trim();
  if (value === '') throw new Error('The proof is empty. Check its source.');
  // `fetch` rejects such a header with an error that contains the token.
  if (type === 'oidc' && !/^[\x21-\x7e]+$/.test(value))
    throw new Error('The proof contains characters that are not allowed in a JWT. Check its source.');
  return { type, value: new Secret(value) };
}

/** Rejects with an Error that says what to do. */
export async function readTextFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`The file ${file} cannot be read (${code}). Check its path and permissions.`);
  }
}

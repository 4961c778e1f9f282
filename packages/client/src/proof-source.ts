// Where a proof comes from: written out, from a function, or from a file. It is fetched for each request, so that one
// that has been renewed is taken.
import { readFile } from 'node:fs/promises';
import { Secret } from './secret.js';
import type { IssuerType, Proof } from './types.js';

export type ProofText = string | (() => string | Promise<string>) | { readonly file: string };

/** Rejects with an Error that says what to do, and does not hold the proof. */
export async function readProof(type: IssuerType, text: ProofText): Promise<Proof> {
  if (typeof text === 'string') return proofOf(type, text);
  return proofOf(type, typeof text === 'function' ? await text() : await readTextFile(text.file));
}

/** The proof in a text that may have blanks around it. Throws if it cannot be one. */
function proofOf(type: IssuerType, text: string): Proof {
  const value = text.trim();
  if (value === '') throw new Error('The proof is empty. Check where it comes from.');
  // Headers take no line breaks, and the error about that would hold the token.
  if (type === 'oidc' && !/^[\x21-\x7e]+$/.test(value))
    throw new Error('What should be a JWT has other characters in it. Check where it comes from.');
  return { type, value: new Secret(value) };
}

/** The text of a file. Rejects with an Error that says what to do. */
export async function readTextFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`The file ${file} cannot be read (${code}). Check its path and who may read it.`);
  }
}

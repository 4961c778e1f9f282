// Characters that a name must not have: two names that differ in one look alike to whoever reads the log or the policy.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether a text has control or format characters, lone surrogates, or separators of lines or paragraphs. */
export function hasInvisible(text: string): boolean {
  return INVISIBLE.test(text);
}

// Characters that a name must not have: two names that differ in one look alike to whoever reads the log or the policy.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Whether a text has control or format characters, lone surrogates, separators of lines or paragraphs, or others that
 * are not shown (variation selectors, fillers).
 */
export function hasInvisibleCharacters(text: string): boolean {
  return INVISIBLE.test(text);
}

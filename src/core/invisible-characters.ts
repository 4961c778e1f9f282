// Characters that are not allowed in names, since names that differ only in one of them look the same.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Whether a text has control or format characters, lone surrogates, line or paragraph separators, or other characters
 * that are not displayed (variation selectors, fillers).
 */
export function hasInvisibleCharacters(text: string): boolean {
  return INVISIBLE.test(text);
}

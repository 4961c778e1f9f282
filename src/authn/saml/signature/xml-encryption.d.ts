// The one function used of xml-encryption, which ships no types.
declare module 'xml-encryption' {
  interface DecryptOptions {
    readonly key: string;
    readonly disallowDecryptionWithInsecureAlgorithm: boolean;
    readonly warnInsecureAlgorithm: boolean;
  }
  /** Calls back before it returns. */
  export function decrypt(
    xml: string,
    options: DecryptOptions,
    callback: (error: Error | null, text?: string) => void,
  ): void;
}

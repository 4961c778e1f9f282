// Types of the only function used of xml-encryption, which ships none.
declare module 'xml-encryption' {
  interface DecryptOptions {
    readonly key: string;
    readonly disallowDecryptionWithInsecureAlgorithm: boolean;
    readonly warnInsecureAlgorithm: boolean;
  }
  /** Calls back synchronously. */
  export function decrypt(
    xml: string,
    options: DecryptOptions,
    callback: (error: Error | null, text?: string) => void,
  ): void;
}

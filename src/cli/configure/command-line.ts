// A command as the value of `credential_process`. Some SDKs split it as a POSIX shell would, others give it to a shell;
// and one cuts a line at `#` or `;` after a space, even inside quotes. This reads the same to all of them.

/** Throws an Error for what a line of the file cannot hold. */
export function commandLine(args: readonly string[], platform: NodeJS.Platform = process.platform): string {
  if (args.some((arg) => /[\p{Cc}\u2028\u2029]/u.test(arg)))
    throw new Error(
      'A profile can hold no line breaks or control characters. Put the command into a script.',
    );
  return args.map(platform === 'win32' ? quotedForWindows : quoted).join(' ');
}

function quoted(arg: string): string {
  if (/^[\w@%+=:,./-]+$/.test(arg)) return arg;
  return `'${arg.replaceAll("'", "'\\''").replace(/\s(?=[#;])/g, "$&''")}'`;
}

function quotedForWindows(arg: string): string {
  if (/^[\w@+=:,.\\/-]+$/.test(arg)) return arg;
  if (/["%]/.test(arg))
    throw new Error('On Windows a profile can hold no " or %. Put the command into a script.');
  return `"${arg}"`;
}

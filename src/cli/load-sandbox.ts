// Access to @sallyport/sandbox. The server does not depend on it, so a production installation does not have it.
import { VERSION } from '../core/version.js';

/**
 * Imports the sandbox, or a module that imports it. Throws an Error that says what to install if the package is
 * missing.
 */
export async function loadSandbox<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (!isSandboxMissing(error)) throw error;
    throw new Error(
      `This command needs the package @sallyport/sandbox. Run \`npm install @sallyport/sandbox@${VERSION}\` where sallyport is installed.`,
      { cause: error },
    );
  }
}

function isSandboxMissing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes("'@sallyport/sandbox'");
}

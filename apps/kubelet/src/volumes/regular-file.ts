import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { isCode } from '../error-text';

/** What stands there is no file: containers may have put a pipe, a device, a directory or a link in its place. */
export class NotRegularError extends Error {
  override readonly name = 'NotRegularError';
}

/**
 * Opens a file that containers may have had their hands on, for reading: nothing that its last name links to, and nothing that blocks
 * whoever opens it or is a device. Throws NotRegularError, or what `open` throws.
 */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
    throw isCode(error, 'ELOOP') ? new NotRegularError(`${path} is a symbolic link`, { cause: error }) : error;
  });
  try {
    if (!(await handle.stat()).isFile()) throw new NotRegularError(`${path} is not a regular file`);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

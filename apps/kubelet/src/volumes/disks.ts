import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk has another file system than it is to be mounted as. */
export class FileSystemMismatchError extends Error {
  override readonly name = 'FileSystemMismatchError';
}

/** Of a program that ended so, or (text) could not be run. */
interface ProgramError {
  readonly code?: number | string | null;
  readonly stdout?: string;
}

const isProgramError = (error: unknown): error is ProgramError => typeof error === 'object' && error !== null && 'code' in error;

/** As upstream has it: no room is kept for root, and nothing is asked. */
const formatOptions: Partial<Record<string, readonly string[]>> = { ext3: ['-F', '-m0'], ext4: ['-F', '-m0'], xfs: ['-f'] };

/** Makes a file system on what holds nothing, and mends one that is there. Resolves with its type; empty where it was made here. */
export async function prepareDisk(type: string, device: string, options: readonly string[]): Promise<string> {
  const readOnly = options.includes('ro');
  const existing = await formatOf(device);
  if (existing === '') {
    if (readOnly) throw new Error(`cannot mount unformatted disk ${device} as we are manipulating it in read-only mode`);
    await run(`mkfs.${type}`, [...formatOptions[type] ?? [], device]);
  } else if (!readOnly) await repair(device);
  return existing;
}

/** What blkid finds on a device; empty for nothing, in which case there is nothing to lose. */
async function formatOf(device: string): Promise<string> {
  try {
    const { stdout } = await run('blkid', ['-p', '-s', 'TYPE', '-s', 'PTTYPE', '-o', 'export', device]);
    return /^TYPE=(.+)$/m.exec(stdout)?.[1] ?? 'unknown data, probably partitions';
  } catch (error) {
    // How blkid says that it found nothing.
    if (isProgramError(error) && error.code === 2) return '';
    throw error;
  }
}

const uncorrected = 4;

/** Mends what can be mended without asking. What fsck will not look at, such as a disk that is mounted, is for the mount to judge: upstream goes on, too. */
async function repair(device: string): Promise<void> {
  try {
    await run('fsck', ['-a', device]);
  } catch (error) {
    if (!isProgramError(error)) throw error;
    if (error.code === uncorrected) throw new Error(`'fsck' found errors on device ${device} but could not correct them: ${error.stdout ?? ''}`, { cause: error });
  }
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const compressions = [
  { name: 'gzip', start: [0x1f, 0x8b] },
  { name: 'zstd', start: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'xz', start: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { name: 'bzip2', start: [0x42, 0x5a, 0x68] },
];
/** Where a tar archive says that it is one; archives from before 1988 do not, and no image is in them. */
const magic = { at: 257, text: 'ustar' };

/** Why a file cannot be an image archive, as a person would want to be told; undefined when it may be one. */
export function archiveProblem(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return stat.isDirectory() ? 'is a directory: pack it with tar -C DIRECTORY -cf FILE.tar .' : 'is no regular file';
    if (stat.size === 0) return 'is empty';
    const head = Buffer.alloc(512);
    readSync(file, head, 0, head.length, 0);
    const compression = compressions.find(({ start }) => start.every((byte, index) => head[index] === byte));
    if (compression !== undefined) return `is compressed with ${compression.name}: decompress it first`;
    if (head.toString('latin1', magic.at, magic.at + magic.text.length) !== magic.text) return 'is not a tar archive';
    return undefined;
  } finally {
    closeSync(file);
  }
}

// A tar writer whose output depends on nothing but its input: ustar, no times, owner root.

const BLOCK = 512;

/** @param {{ path: string, type?: 'file' | 'directory' | 'symlink', mode?: number, data?: Buffer | string, target?: string }[]} entries */
export function tar(entries) {
  const parts = [];
  for (const { path, type = 'file', mode = type === 'directory' ? 0o755 : 0o644, data = '', target = '' } of entries) {
    const body = type === 'file' ? Buffer.from(data) : Buffer.alloc(0);
    const name = type === 'directory' ? `${path}/` : path;
    if (Buffer.byteLength(name) > 100 || Buffer.byteLength(target) > 100) throw new RangeError(`path too long for ustar: ${name}`);
    const header = Buffer.alloc(BLOCK);
    header.write(name, 0);
    header.write(mode.toString(8).padStart(7, '0'), 100);
    header.write('0000000', 108); // uid
    header.write('0000000', 116); // gid
    header.write(body.length.toString(8).padStart(11, '0'), 124);
    header.write('00000000000', 136); // time
    header.write(' '.repeat(8), 148);
    header.write({ file: '0', symlink: '2', directory: '5' }[type], 156);
    header.write(target, 157);
    header.write('ustar\x0000', 257);
    header.write(header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0') + '\0 ', 148);
    parts.push(header, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** What processes had a disk do. */
export interface DiskOperations {
  readonly major: number;
  readonly minor: number;
  readonly reads: number;
  readonly writes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Version 1 of control groups: a line a kind, such as `8:0 Read 4096`, in a file of bytes and one of counts. */
export function diskOperationsV1(bytes: string, counts: string): DiskOperations[] {
  const byDevice = new Map<string, { reads: number; writes: number; readBytes: number; writtenBytes: number }>();
  const note = (text: string, read: 'reads' | 'readBytes', write: 'writes' | 'writtenBytes'): void => {
    for (const [, device = '', kind, count] of text.matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)) {
      const known = byDevice.get(device) ?? { reads: 0, writes: 0, readBytes: 0, writtenBytes: 0 };
      byDevice.set(device, { ...known, [kind === 'Read' ? read : write]: Number(count) });
    }
  };
  note(bytes, 'readBytes', 'writtenBytes');
  note(counts, 'reads', 'writes');
  return [...byDevice].map(([device, operations]) => ({ ...numbersOf(device), ...operations }));
}

/** Version 2: a line a device, such as `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0`. */
export function diskOperationsV2(stat: string): DiskOperations[] {
  return [...stat.matchAll(/^(\d+:\d+) (.*)$/gm)].map(([, device = '', fields = '']) => {
    const field = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(fields)?.[1] ?? 0);
    return { ...numbersOf(device), reads: field('rios'), writes: field('wios'), readBytes: field('rbytes'), writtenBytes: field('wbytes') };
  });
}

/** A device's path, such as `/dev/sda`; empty where the kernel has no name for it. */
export async function deviceName({ major, minor }: Pick<DiskOperations, 'major' | 'minor'>, sys = '/sys'): Promise<string> {
  const target = await readlink(`${sys}/dev/block/${major}:${minor}`).catch(() => '');
  return target === '' ? '' : `/dev/${basename(target)}`;
}

function numbersOf(device: string): { readonly major: number; readonly minor: number } {
  const [major = 0, minor = 0] = device.split(':').map(Number);
  return { major, minor };
}

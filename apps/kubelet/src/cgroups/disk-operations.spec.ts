import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceName, diskOperationsV1, diskOperationsV2 } from './disk-operations';

const expected = [{ major: 8, minor: 0, reads: 3, writes: 4, readBytes: 4096, writtenBytes: 8192 }, { major: 253, minor: 1, reads: 0, writes: 1, readBytes: 0, writtenBytes: 512 }];

it('are read by both versions of control groups', () => {
  const bytes = '8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 0\n8:0 Total 12288\n253:1 Write 512\nTotal 12800\n';
  expect(diskOperationsV1(bytes, '8:0 Read 3\n8:0 Write 4\n253:1 Read 0\n253:1 Write 1\nTotal 8\n')).toEqual(expected);
  expect(diskOperationsV2('8:0 rbytes=4096 wbytes=8192 rios=3 wios=4 dbytes=7 dios=7\n253:1 rbytes=0 wbytes=512 rios=0 wios=1 dbytes=0 dios=0\n')).toEqual(expected);
  expect([diskOperationsV1('', ''), diskOperationsV2('')]).toEqual([[], []]);
});

it('name the device where it has a name', async () => {
  const sys = await mkdtemp(join(tmpdir(), 'sys-'));
  try {
    await mkdir(join(sys, 'dev/block'), { recursive: true });
    await symlink('../../devices/virtual/block/dm-1', join(sys, 'dev/block/253:1'));
    expect(await Promise.all(expected.map((device) => deviceName(device, sys)))).toEqual(['', '/dev/dm-1']);
  } finally {
    await rm(sys, { recursive: true });
  }
});

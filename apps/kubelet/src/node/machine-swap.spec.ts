import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectSwap } from './machine-swap';

describe('a machine\'s swap', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'swap-'));
    await write('meminfo', 'MemTotal: 8000 kB\nSwapTotal:       2048 kB\n');
    await write('self', '0::/system.slice/kubelet\n');
  });
  afterEach(() => rm(root, { recursive: true }));

  const write = async (name: string, content = ''): Promise<void> => {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), content);
  };
  const look = (): ReturnType<typeof inspectSwap> => inspectSwap(join(root, 'cgroup'), join(root, 'self'), join(root, 'meminfo'));

  it('is shared out by version 2 of control groups, where its controller is there', async () => {
    await write('cgroup/cgroup.controllers', 'memory');
    await expect(look()).resolves.toEqual({ bytes: 2 ** 21, control: undefined });
    await write('cgroup/system.slice/kubelet/memory.swap.max', 'max');
    await expect(look()).resolves.toEqual({ bytes: 2 ** 21, control: 'cgroup v2' });
  });

  it('is limited together with memory by version 1', async () => {
    await expect(look()).resolves.toEqual({ bytes: 2 ** 21, control: undefined });
    await write('cgroup/memory/memory.memsw.limit_in_bytes', '0');
    await expect(look()).resolves.toEqual({ bytes: 2 ** 21, control: 'cgroup v1' });
  });
});

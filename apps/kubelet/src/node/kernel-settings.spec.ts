import { checkKernelSettings } from './kernel-settings';

describe('settings of the kernel that a node is to find as they should be', () => {
  const good: Record<string, string> = {
    '/proc/sys/vm/overcommit_memory': '1\n',
    '/proc/sys/vm/panic_on_oom': '0\n',
    '/proc/sys/kernel/panic': '10\n',
    '/proc/sys/kernel/panic_on_oops': '1\n',
    '/proc/sys/kernel/keys/root_maxkeys': '1000000\n',
    '/proc/sys/kernel/keys/root_maxbytes': '25000000\n',
  };
  const check = (over: Record<string, string> = {}): Promise<void> => checkKernelSettings((path) => {
    const value = { ...good, ...over }[path];
    return value === undefined || value === '' ? Promise.reject(new Error(`no ${path}`)) : Promise.resolve(value);
  });

  it('are all right', () => expect(check()).resolves.toBeUndefined());

  it('are told, each that is not', async () => {
    await expect(check({ '/proc/sys/kernel/panic': '0\n' })).rejects.toThrow('Failed to start ContainerManager invalid kernel flag: kernel/panic, expected value: 10, actual value: 0');
    await expect(check({ '/proc/sys/vm/overcommit_memory': '0\n', '/proc/sys/kernel/panic_on_oops': '' })).rejects.toThrow(
      'Failed to start ContainerManager [invalid kernel flag: vm/overcommit_memory, expected value: 1, actual value: 0, no /proc/sys/kernel/panic_on_oops]',
    );
  });
});

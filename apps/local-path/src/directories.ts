import { chmod, mkdir, rm } from 'node:fs/promises';
import type { Directories } from './local-path-provisioner';

/** Directories on this host. Anyone may write in them: a container may run as any user. */
export const hostDirectories: Directories = {
  async make(path) {
    await mkdir(path, { recursive: true });
    // mkdir's mode is subject to the umask.
    await chmod(path, 0o777);
  },
  remove: (path) => rm(path, { recursive: true, force: true }),
};

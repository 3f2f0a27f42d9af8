import { type Clock } from '@navarch/clock';
import { type CgroupUsage } from './cgroup-usage';
import { type CgroupLimits, type CgroupMemory, type CgroupTree } from './cgroup-tree';

/** Upstream's words for what its cgroup manager does. */
export type CgroupOperation = 'create' | 'update' | 'destroy';

/** Tells how long changes of groups take, whether they succeed or not. */
export class ObservedCgroupTree implements CgroupTree {
  constructor(private readonly tree: CgroupTree, private readonly clock: Clock, private readonly onOperation: (operation: CgroupOperation, seconds: number) => void) {}

  get version(): 1 | 2 {
    return this.tree.version;
  }

  async ensure(path: string, limits: CgroupLimits): Promise<void> {
    const operation = (await this.tree.exists(path)) ? 'update' : 'create';
    await this.#timed(operation, () => this.tree.ensure(path, limits));
  }

  remove(path: string): Promise<void> {
    return this.#timed('destroy', () => this.tree.remove(path));
  }

  exists(path: string): Promise<boolean> {
    return this.tree.exists(path);
  }

  memory(path: string): Promise<CgroupMemory> {
    return this.tree.memory(path);
  }

  usage(path: string): Promise<CgroupUsage> {
    return this.tree.usage(path);
  }

  children(path: string): Promise<string[]> {
    return this.tree.children(path);
  }

  async #timed(operation: CgroupOperation, act: () => Promise<void>): Promise<void> {
    const beganMs = this.clock.now();
    try {
      await act();
    } finally {
      this.onOperation(operation, (this.clock.now() - beganMs) / 1000);
    }
  }
}

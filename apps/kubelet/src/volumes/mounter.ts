import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorText } from '../error-text';
import { FileSystemMismatchError, prepareDisk } from './disks';

const run = promisify(execFile);

/** Mounts of the kubelet's own mount namespace. */
export interface Mounter {
  mount(type: string, source: string, directory: string, options: readonly string[]): Promise<void>;
  /** Mounts a device, with a file system made on one that holds nothing yet. */
  formatAndMount(type: string, device: string, directory: string, options: readonly string[]): Promise<void>;
  tmpfs(directory: string, options: readonly string[]): Promise<void>;
  /** Binds exactly the file that a path names now, without following it again. */
  bind(source: string, target: string, options: readonly string[]): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Mount points at or below a directory, deepest first. */
  below(directory: string): Promise<string[]>;
}

/** The host's mount and umount programs: Node has no such system calls. */
export class HostMounter implements Mounter {
  /** What is done last to a device: two pods may come to it at once, and only one of them finds nothing there. */
  readonly #formatting = new Map<string, Promise<string>>();

  async mount(type: string, source: string, directory: string, options: readonly string[]): Promise<void> {
    await run('mount', ['-t', type, ...(options.length > 0 ? ['-o', options.join(',')] : []), source, directory]);
  }

  async formatAndMount(type: string, device: string, directory: string, options: readonly string[]): Promise<void> {
    const before = this.#formatting.get(device) ?? Promise.resolve('');
    const done = before.then(() => prepareDisk(type, device, options));
    const settled = done.catch(() => '');
    this.#formatting.set(device, settled);
    const existing = await done.finally(() => {
      if (this.#formatting.get(device) === settled) this.#formatting.delete(device);
    });
    await this.mount(type, device, directory, options).catch((error: unknown) => {
      if (existing === '' || existing === type) throw error;
      throw new FileSystemMismatchError(errorText(error), { cause: error });
    });
  }

  async tmpfs(directory: string, options: readonly string[]): Promise<void> {
    await run('mount', ['-t', 'tmpfs', '-o', ['rw', ...options].join(','), 'tmpfs', directory]);
  }

  async bind(source: string, target: string, options: readonly string[]): Promise<void> {
    await run('mount', ['--no-canonicalize', '-o', 'bind', source, target]);
    // The kernel takes options of a bind mount only once it is there.
    if (options.length > 0) await run('mount', ['--no-canonicalize', '-o', ['bind', 'remount', ...options].join(','), target]);
  }

  async unmount(target: string): Promise<void> {
    await run('umount', ['--no-canonicalize', target]);
  }

  async below(directory: string): Promise<string[]> {
    const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
    const points = lines.map((line) => unescapePath(line.split(' ')[4] ?? '')).filter((point) => point === directory || point.startsWith(`${directory}/`));
    // A point mounted over itself is listed once for each.
    return points.sort((a, b) => b.length - a.length);
  }
}

/** For nodes without root: nothing can be mounted, and nothing is. */
export class NoMounter implements Mounter {
  mount(): Promise<void> {
    return Promise.reject(new Error('this node cannot mount file systems'));
  }

  formatAndMount(): Promise<void> {
    return this.mount();
  }

  tmpfs(): Promise<void> {
    return Promise.reject(new Error('this node cannot mount file systems'));
  }

  bind(): Promise<void> {
    return Promise.reject(new Error('this node cannot mount file systems'));
  }

  unmount(): Promise<void> {
    return Promise.resolve();
  }

  below(): Promise<string[]> {
    return Promise.resolve([]);
  }
}

function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

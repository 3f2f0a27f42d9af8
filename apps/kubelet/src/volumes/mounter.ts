import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Mounts of the kubelet's own mount namespace. */
export interface Mounter {
  mount(type: string, source: string, directory: string, options: readonly string[]): Promise<void>;
  /** Mounts a device, with a file system made on one that holds nothing yet. */
  formatAndMount(type: string, device: string, directory: string, options: readonly string[]): Promise<void>;
  tmpfs(directory: string, options: readonly string[]): Promise<void>;
  /** Binds exactly the file that a path names now, without following it again. */
  bind(source: string, target: string, readOnly: boolean): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Mount points at or below a directory, deepest first. */
  below(directory: string): Promise<string[]>;
}

/** The host's mount and umount programs: Node has no such system calls. */
export class HostMounter implements Mounter {
  /** What is done last to a device: two pods may come to it at once, and only one of them finds nothing there. */
  readonly #formatting = new Map<string, Promise<void>>();

  async mount(type: string, source: string, directory: string, options: readonly string[]): Promise<void> {
    await run('mount', ['-t', type, ...(options.length > 0 ? ['-o', options.join(',')] : []), source, directory]);
  }

  async formatAndMount(type: string, device: string, directory: string, options: readonly string[]): Promise<void> {
    const before = this.#formatting.get(device) ?? Promise.resolve();
    const done = before.then(() => format(type, device, options));
    const settled = done.catch(() => undefined);
    this.#formatting.set(device, settled);
    try {
      await done;
    } finally {
      if (this.#formatting.get(device) === settled) this.#formatting.delete(device);
    }
    await this.mount(type, device, directory, options);
  }

  async tmpfs(directory: string, options: readonly string[]): Promise<void> {
    await run('mount', ['-t', 'tmpfs', '-o', ['rw', ...options].join(','), 'tmpfs', directory]);
  }

  async bind(source: string, target: string, readOnly: boolean): Promise<void> {
    await run('mount', ['--no-canonicalize', '-o', 'bind', source, target]);
    if (readOnly) await run('mount', ['--no-canonicalize', '-o', 'bind,remount,ro', target]);
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

/** Makes a file system on what holds nothing. */
async function format(type: string, device: string, options: readonly string[]): Promise<void> {
  if (await holdsSomething(device)) return;
  if (options.includes('ro')) throw new Error(`cannot mount unformatted disk ${device} as we are manipulating it in read-only mode`);
  await run(`mkfs.${type}`, [...formatOptions[type] ?? [], device]);
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

/** As upstream has it: no room is kept for root, and nothing is asked. */
const formatOptions: Partial<Record<string, readonly string[]>> = { ext3: ['-F', '-m0'], ext4: ['-F', '-m0'], xfs: ['-f'] };

/** Whether a device has a file system or partitions: only then is there something to lose. */
async function holdsSomething(device: string): Promise<boolean> {
  try {
    await run('blkid', ['-p', '-s', 'TYPE', '-s', 'PTTYPE', '-o', 'export', device]);
    return true;
  } catch (error) {
    // How blkid says that it found nothing.
    if ((error as { readonly code?: unknown }).code === 2) return false;
    throw error;
  }
}

function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { isCode } from '../error-text';
import { uidOf } from '../pods/pod-spec';
import { type PodDirectories } from '../volumes/pod-directories';

/** As many users as a namespace has: upstream's length. */
const length = 65_536;
/** User ids are 32 bits wide, and the first block is the host's own. */
const lastBlock = 65_534;

/** Blocks of the host's user ids for pods with `hostUsers: false`; no two pods share one. */
export class UserNamespaces {
  readonly #blocks = new Map<string, number>();

  constructor(private readonly directories: PodDirectories) {}

  /** Reads which blocks pods have that ran before this kubelet did. */
  async start(): Promise<void> {
    for (const uid of await readdir(this.directories.pods)) {
      const block = await this.#read(uid);
      if (block !== undefined) this.#blocks.set(uid, block);
    }
  }

  /** A pod's own users, the same for as long as it lives; undefined for one that has the host's. */
  async of(pod: corev1.Pod): Promise<runtimev1.UserNamespace | undefined> {
    if (pod.spec?.hostUsers !== false) return undefined;
    const uid = uidOf(pod);
    let block = this.#blocks.get(uid);
    if (block === undefined) {
      block = this.#free();
      this.#blocks.set(uid, block);
      await mkdir(dirname(this.#path(uid)), { recursive: true, mode: 0o750 });
      await writeFile(this.#path(uid), JSON.stringify({ block }));
    }
    const mapping = [{ hostId: block * length, containerId: 0, length }];
    return { mode: runtimev1.NamespaceMode.POD, uids: mapping, gids: mapping };
  }

  forgetPod(uid: string): void {
    this.#blocks.delete(uid);
  }

  #free(): number {
    const taken = new Set(this.#blocks.values());
    for (let block = 1; block <= lastBlock; block++) if (!taken.has(block)) return block;
    throw new Error('no user ids are left for another user namespace');
  }

  async #read(uid: string): Promise<number | undefined> {
    try {
      return (JSON.parse(await readFile(this.#path(uid), 'utf8')) as { block: number }).block;
    } catch (error) {
      if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  #path(uid: string): string {
    return join(this.directories.pod(uid), 'userns');
  }
}

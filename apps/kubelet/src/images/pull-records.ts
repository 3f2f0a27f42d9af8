import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type runtimev1 } from '@navarch/proto';
import { isCode } from '../error-text';
import { repositoryOf } from './image-reference';
import { withCredentials, type ImagePulledRecord, type PullSource } from './image-access';

/**
 * What this node has pulled and with what, in the files of upstream's kubelet: `image_manager/pulled` and, while a pull
 * is under way, `image_manager/pulling`. A kubelet that died meanwhile thus knows that it was the one who pulled.
 */
export class PullRecords {
  readonly #pulled = new Map<string, ImagePulledRecord>();
  /** Pulls under way, by image; nought: of an earlier run. */
  readonly #pulling = new Map<string, number>();

  constructor(private readonly directory: string, private readonly deps: { readonly clock: Clock; readonly log: Logger }) {}

  get sizes(): { readonly pulled: number; readonly pulling: number } {
    return { pulled: this.#pulled.size, pulling: this.#pulling.size };
  }

  /** Reads what earlier kubelets left. `images`: what the runtime has; pulls that a kubelet did not live to see the end of may be among them. */
  async start(images: () => Promise<readonly runtimev1.Image[]>): Promise<void> {
    for (const folder of ['pulled', 'pulling']) await mkdir(join(this.directory, folder), { recursive: true, mode: 0o700 });
    for (const record of await this.#readAll<ImagePulledRecord>('pulled')) this.#pulled.set(record.imageRef, record);
    for (const { image } of await this.#readAll<{ image: string }>('pulling')) this.#pulling.set(image, 0);
    if (this.#pulling.size === 0) return;
    for (const { id, repoTags, repoDigests } of await images()) for (const name of [...repoTags, ...repoDigests]) {
      if (!this.#pulling.has(name)) continue;
      // Nobody knows with what: whoever wants it has to show what they have.
      const repository = repositoryOf(name) ?? name;
      const known = this.#pulled.get(id)?.credentialMapping ?? {};
      if (!known[repository]) {
        await this.#write('pulled', id, {
          kind: 'ImagePulledRecord',
          apiVersion: 'kubelet.config.k8s.io/v1beta1',
          imageRef: id,
          lastUpdatedTime: this.#now(),
          credentialMapping: { ...known, [repository]: {} },
        });
      }
      await this.#endPull(name);
    }
  }

  get(imageRef: string): ImagePulledRecord | undefined {
    return this.#pulled.get(imageRef);
  }

  /** Whether somebody pulls it now, or did when the last kubelet died. */
  isPulling(image: string): boolean {
    return this.#pulling.has(image);
  }

  /** Rejects when it cannot be written down: then it must not be pulled. */
  async begin(image: string): Promise<void> {
    const under = this.#pulling.get(image) ?? 0;
    this.#pulling.set(image, under + 1);
    if (under === 0) await this.#writeFile('pulling', image, { kind: 'ImagePullIntent', apiVersion: 'kubelet.config.k8s.io/v1beta1', image });
  }

  /** An image is there. `source`: whose credentials it took; undefined for the node's own, or none. */
  async pulled(image: string, imageRef: string, repository: string, source: PullSource | undefined): Promise<void> {
    await this.allow(imageRef, repository, source);
    await this.#endPull(image);
  }

  /** Whoever has this source may have the image, from now on. */
  async allow(imageRef: string, repository: string, source: PullSource | undefined): Promise<void> {
    const before = this.#pulled.get(imageRef);
    const after = withCredentials(before, imageRef, repository, source, this.#now());
    if (after !== before) await this.#write('pulled', imageRef, after);
  }

  /** A pull has failed, or was given up. */
  failed(image: string): Promise<void> {
    return this.#endPull(image);
  }

  /** Forgets images that are not there any more. `beforeMs`: when the runtime was asked. */
  async prune(imageRefs: ReadonlySet<string>, beforeMs: number): Promise<void> {
    for (const { imageRef, lastUpdatedTime } of [...this.#pulled.values()]) {
      if (imageRefs.has(imageRef) || Date.parse(lastUpdatedTime) >= beforeMs) continue;
      this.#pulled.delete(imageRef);
      await rm(this.#path('pulled', imageRef), { force: true });
    }
  }

  async #endPull(image: string): Promise<void> {
    const under = this.#pulling.get(image) ?? 0;
    if (under > 1) {
      this.#pulling.set(image, under - 1);
      return;
    }
    this.#pulling.delete(image);
    await rm(this.#path('pulling', image), { force: true });
  }

  async #write(folder: 'pulled', imageRef: string, record: ImagePulledRecord): Promise<void> {
    // Known before it is written: a record that cannot be written holds as long as this kubelet lives.
    this.#pulled.set(imageRef, record);
    await this.#writeFile(folder, imageRef, record).catch((error: unknown) => this.deps.log.error({ err: error, imageRef }, 'what an image was pulled with could not be written down'));
  }

  async #writeFile(folder: string, key: string, content: object): Promise<void> {
    const path = this.#path(folder, key);
    await mkdir(join(this.directory, folder), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.tmp`, JSON.stringify(content), { mode: 0o600 });
    await rename(`${path}.tmp`, path);
  }

  async #readAll<T>(folder: string): Promise<T[]> {
    const directory = join(this.directory, folder);
    const names = (await readdir(directory)).filter((name) => !name.endsWith('.tmp'));
    const read = await Promise.all(names.map(async (name): Promise<T[]> => {
      try {
        return [JSON.parse(await readFile(join(directory, name), 'utf8')) as T];
      } catch (error) {
        if (!isCode(error, 'ENOENT')) this.deps.log.error({ err: error, folder, name }, 'a record of a pull cannot be read');
        return [];
      }
    }));
    return read.flat();
  }

  #path(folder: string, key: string): string {
    return join(this.directory, folder, `sha256-${createHash('sha256').update(key).digest('hex')}`);
  }

  #now(): string {
    return new Date(this.deps.clock.now()).toISOString();
  }
}

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runtimev1 } from '@navarch/proto';

import type { ContainerRecord, SandboxRecord } from './model';
import type { SimulatedImage } from './image-store';
import type { RuntimeState, StateStore } from './state-store';

/** One small JSON file per object, replaced by rename, so that a crash leaves either the old or the new. */
export class StateDirectory implements StateStore {
  constructor(private readonly root: string) {}

  load(): RuntimeState {
    for (const kind of ['sandboxes', 'containers']) mkdirSync(join(this.root, kind), { recursive: true });
    return {
      sandboxes: this.#readAll<SandboxRecord>('sandboxes').map((record) => ({ ...record, config: runtimev1.PodSandboxConfig.fromJSON(record.config) })),
      containers: this.#readAll<ContainerRecord>('containers').map((record) => ({ ...record, config: runtimev1.ContainerConfig.fromJSON(record.config) })),
      images: this.#read<SimulatedImage[]>(join(this.root, 'images.json')) ?? [],
    };
  }

  saveSandbox(sandbox: SandboxRecord): void {
    this.#write(join('sandboxes', `${sandbox.id}.json`), { ...sandbox, config: runtimev1.PodSandboxConfig.toJSON(sandbox.config) });
  }

  saveContainer(container: ContainerRecord): void {
    this.#write(join('containers', `${container.id}.json`), { ...container, config: runtimev1.ContainerConfig.toJSON(container.config) });
  }

  saveImages(images: readonly SimulatedImage[]): void {
    this.#write('images.json', images);
  }

  deleteSandbox(id: string): void {
    rmSync(join(this.root, 'sandboxes', `${id}.json`), { force: true });
  }

  deleteContainer(id: string): void {
    rmSync(join(this.root, 'containers', `${id}.json`), { force: true });
  }

  #write(name: string, value: unknown): void {
    const path = join(this.root, name);
    writeFileSync(`${path}.new`, JSON.stringify(value));
    renameSync(`${path}.new`, path);
  }

  #readAll<T>(kind: string): T[] {
    const names = readdirSync(join(this.root, kind)).filter((name) => name.endsWith('.json'));
    return names.flatMap((name) => this.#read<T>(join(this.root, kind, name)) ?? []);
  }

  #read<T>(path: string): T | undefined {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return JSON.parse(text) as T;
  }
}

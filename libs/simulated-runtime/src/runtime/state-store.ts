import type { ContainerRecord, SandboxRecord } from './model';
import type { SimulatedImage } from './image-store';

export interface RuntimeState {
  readonly sandboxes: readonly SandboxRecord[];
  readonly containers: readonly ContainerRecord[];
  readonly images: readonly SimulatedImage[];
}

/** Where a runtime keeps what must outlive its process. */
export interface StateStore {
  load(): RuntimeState;
  saveSandbox(sandbox: SandboxRecord): void;
  saveContainer(container: ContainerRecord): void;
  saveImages(images: readonly SimulatedImage[]): void;
  deleteSandbox(id: string): void;
  deleteContainer(id: string): void;
}

/** Forgets everything with the process. */
export const noStateStore: StateStore = {
  load: () => ({ sandboxes: [], containers: [], images: [] }),
  saveSandbox: () => undefined,
  saveContainer: () => undefined,
  saveImages: () => undefined,
  deleteSandbox: () => undefined,
  deleteContainer: () => undefined,
};

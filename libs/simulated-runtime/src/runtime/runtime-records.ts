import type { runtimev1 } from '@navarch/proto';
import { notFound } from '../cri-error';
import type { ContainerRecord, SandboxRecord } from './model';

const missing = (what: 'sandbox' | 'container', id: string): Error => notFound(`an error occurred when try to find ${what} ${JSON.stringify(id)}: not found`);

/** What makes a sandbox unique on its node. */
export function sandboxName({ metadata }: runtimev1.PodSandboxConfig): string {
  return [metadata?.name, metadata?.namespace, metadata?.uid, metadata?.attempt].join('_');
}

/** The sandboxes of a node and their containers. */
export class RuntimeRecords {
  readonly #sandboxes = new Map<string, SandboxRecord>();
  readonly #containers = new Map<string, ContainerRecord>();
  /** Containers by sandbox, so that a pod costs what it has, not what the node has. */
  readonly #bySandbox = new Map<string, Set<string>>();
  readonly #sandboxNames = new Map<string, string>();

  get sandboxes(): IterableIterator<SandboxRecord> {
    return this.#sandboxes.values();
  }

  get containers(): IterableIterator<ContainerRecord> {
    return this.#containers.values();
  }

  containersOf(sandboxId: string): ContainerRecord[] {
    return [...(this.#bySandbox.get(sandboxId) ?? [])].flatMap((id) => this.#containers.get(id) ?? []);
  }

  findSandbox(id: string): SandboxRecord | undefined {
    return this.#sandboxes.get(id);
  }

  findContainer(id: string): ContainerRecord | undefined {
    return this.#containers.get(id);
  }

  /** @throws CriError NOT_FOUND */
  sandbox(id: string): SandboxRecord {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) throw missing('sandbox', id);
    return sandbox;
  }

  /** @throws CriError NOT_FOUND */
  container(id: string): ContainerRecord {
    const container = this.#containers.get(id);
    if (!container) throw missing('container', id);
    return container;
  }

  /** Which sandbox has this name. */
  holderOf(name: string): string | undefined {
    return this.#sandboxNames.get(name);
  }

  isRunning(id: string): boolean {
    return this.#containers.get(id)?.phase === 'running';
  }

  addSandbox(sandbox: SandboxRecord): void {
    this.#sandboxes.set(sandbox.id, sandbox);
    this.#sandboxNames.set(sandboxName(sandbox.config), sandbox.id);
    this.#bySandbox.set(sandbox.id, new Set());
  }

  addContainer(container: ContainerRecord): void {
    this.#containers.set(container.id, container);
    this.#bySandbox.get(container.sandboxId)?.add(container.id);
  }

  deleteSandbox({ id, config }: SandboxRecord): void {
    this.#sandboxes.delete(id);
    this.#bySandbox.delete(id);
    this.#sandboxNames.delete(sandboxName(config));
  }

  deleteContainer({ id, sandboxId }: ContainerRecord): void {
    this.#containers.delete(id);
    this.#bySandbox.get(sandboxId)?.delete(id);
  }
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runtimev1 } from '@navarch/proto';

import type { ContractCase } from '../contract-case';
import type { CriClient } from './cri-client';

/** What the suite needs of the runtime it is run against. */
export interface CriSubject {
  readonly client: CriClient;
  /** A folder for pod log directories. */
  readonly logRoot: string;
  /** An image that is there, has `sh`, `echo`, `sleep`, and needs no registry. */
  readonly image: string;
  /** An image that it can pull, is not there yet, and nobody needs; for what needs `pulls`. */
  readonly pulledImage?: string | undefined;
  /** Settings of the sandbox: a real runtime without a network wants the host's. */
  readonly sandboxLinux: runtimev1.LinuxPodSandboxConfig;
}

/** `needs`: `events`, `addresses`, `pulls`, `simulation` or `host-network`. */
export type CriCase = ContractCase<CriSubject>;

const { CONTAINER_EXITED } = runtimev1.ContainerState;
const GRPC_NOT_FOUND = 5;

/** One sandbox for one case, removed afterwards. */
export class Pod {
  readonly uid = randomUUID();
  readonly name = `contract-${this.uid.slice(0, 8)}`;
  readonly config: runtimev1.PodSandboxConfig;
  id = '';

  constructor(readonly subject: CriSubject) {
    this.config = runtimev1.PodSandboxConfig.fromPartial({
      metadata: { name: this.name, namespace: 'contract', uid: this.uid, attempt: 0 },
      // A pod in the host's network has the host's name, as a kubelet asks for it.
      hostname: subject.sandboxLinux.securityContext?.namespaceOptions?.network === runtimev1.NamespaceMode.NODE ? '' : this.name,
      logDirectory: join(subject.logRoot, this.uid),
      labels: { 'contract/uid': this.uid },
      annotations: { 'contract/note': 'kept' },
      dnsConfig: { servers: ['10.96.0.10'], searches: ['svc.cluster.local'], options: ['ndots:5'] },
      linux: subject.sandboxLinux,
    });
  }

  async start(): Promise<this> {
    this.id = (await this.subject.client.call('runPodSandbox', { config: this.config, runtimeHandler: '' })).podSandboxId;
    return this;
  }

  /** Creates a container that runs a shell script. */
  async create(name: string, script: string, more: { attempt?: number; envs?: Record<string, string> } = {}): Promise<string> {
    const config = runtimev1.ContainerConfig.fromPartial({
      metadata: { name, attempt: more.attempt ?? 0 },
      image: { image: this.subject.image },
      command: ['sh', '-c', script],
      labels: { 'contract/uid': this.uid, 'contract/container': name },
      annotations: { 'contract/note': 'kept' },
      envs: Object.entries(more.envs ?? {}).map(([key, value]) => ({ key, value: Buffer.from(value) })),
      logPath: `${name}/${more.attempt ?? 0}.log`,
      linux: { resources: { cpuShares: 128n, memoryLimitInBytes: 64n << 20n } },
    });
    const answer = await this.subject.client.call('createContainer', { podSandboxId: this.id, config, sandboxConfig: this.config });
    return answer.containerId;
  }

  async run(name: string, script: string, more: { attempt?: number; envs?: Record<string, string> } = {}): Promise<string> {
    const containerId = await this.create(name, script, more);
    await this.subject.client.call('startContainer', { containerId });
    return containerId;
  }

  async status(containerId: string): Promise<runtimev1.ContainerStatus> {
    const { status } = await this.subject.client.call('containerStatus', { containerId, verbose: false });
    assert.ok(status);
    return status;
  }

  async exited(containerId: string): Promise<runtimev1.ContainerStatus> {
    for (let tries = 0; tries < 300; tries++) {
      const status = await this.status(containerId);
      if (status.state === CONTAINER_EXITED) return status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`container ${containerId} did not exit`);
  }

  async log(name: string): Promise<string> {
    return readFile(join(this.config.logDirectory, name, '0.log'), 'utf8');
  }

  async list(filter: Partial<runtimev1.ContainerFilter> = {}): Promise<runtimev1.Container[]> {
    const labelSelector = { 'contract/uid': this.uid };
    const { containers } = await this.subject.client.call('listContainers', { filter: { id: '', podSandboxId: '', state: undefined, labelSelector, ...filter } });
    return containers;
  }

  async remove(): Promise<void> {
    await this.subject.client.call('stopPodSandbox', { podSandboxId: this.id }).catch((error: unknown) => {
      // containerd before 1.7 does not forgive stopping what has been removed.
      if (!isNotFound(error)) throw error;
    });
    await this.subject.client.call('removePodSandbox', { podSandboxId: this.id });
  }
}

/** Gives a case a running sandbox and takes it away. */
export async function withPod(subject: CriSubject, use: (pod: Pod) => Promise<void>): Promise<void> {
  const pod = await new Pod(subject).start();
  try {
    await use(pod);
  } finally {
    await pod.remove();
  }
}

export const isNotFound = (error: unknown): boolean => (error as { code?: number }).code === GRPC_NOT_FOUND;

import { runtimev1 } from '@navarch/proto';

import type { ContainerRecord, SandboxRecord } from './model';
import type { SimulatedImage } from './image-store';

const NS_PER_MS = 1_000_000n;

export const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms)) * NS_PER_MS;

const STATES = {
  created: runtimev1.ContainerState.CONTAINER_CREATED,
  running: runtimev1.ContainerState.CONTAINER_RUNNING,
  exited: runtimev1.ContainerState.CONTAINER_EXITED,
} as const;

export function sandboxState(sandbox: SandboxRecord): runtimev1.PodSandboxState {
  return sandbox.ready ? runtimev1.PodSandboxState.SANDBOX_READY : runtimev1.PodSandboxState.SANDBOX_NOTREADY;
}

export function containerState(container: ContainerRecord): runtimev1.ContainerState {
  return STATES[container.phase];
}

export function toPodSandbox(sandbox: SandboxRecord): runtimev1.PodSandbox {
  return {
    id: sandbox.id,
    metadata: sandbox.config.metadata,
    state: sandboxState(sandbox),
    createdAt: nanoseconds(sandbox.createdAt),
    labels: sandbox.config.labels,
    annotations: sandbox.config.annotations,
    runtimeHandler: sandbox.runtimeHandler,
  };
}

export function toPodSandboxStatus(sandbox: SandboxRecord): runtimev1.PodSandboxStatus {
  return {
    id: sandbox.id,
    metadata: sandbox.config.metadata,
    state: sandboxState(sandbox),
    createdAt: nanoseconds(sandbox.createdAt),
    network: { ip: sandbox.ready ? sandbox.ip : '', additionalIps: [] },
    linux: { namespaces: { options: sandbox.config.linux?.securityContext?.namespaceOptions } },
    labels: sandbox.config.labels,
    annotations: sandbox.config.annotations,
    runtimeHandler: sandbox.runtimeHandler,
  };
}

export function toContainer(container: ContainerRecord): runtimev1.Container {
  return {
    id: container.id,
    podSandboxId: container.sandboxId,
    metadata: container.config.metadata,
    image: container.config.image,
    imageRef: container.imageId,
    state: containerState(container),
    createdAt: nanoseconds(container.createdAt),
    labels: container.config.labels,
    annotations: container.config.annotations,
    imageId: container.imageId,
  };
}

export function toContainerStatus(container: ContainerRecord): runtimev1.ContainerStatus {
  return runtimev1.ContainerStatus.fromPartial({
    id: container.id,
    metadata: container.config.metadata,
    state: containerState(container),
    createdAt: nanoseconds(container.createdAt),
    startedAt: nanoseconds(container.startedAt),
    finishedAt: nanoseconds(container.finishedAt),
    exitCode: container.exitCode,
    image: { image: container.imageReference },
    imageRef: container.imageId,
    imageId: container.imageId,
    reason: container.reason,
    labels: container.config.labels,
    annotations: container.config.annotations,
    mounts: container.config.mounts,
    logPath: container.logPath,
    resources: { linux: container.config.linux?.resources },
    // An image of a simulation asks for none of its own.
    stopSignal: container.config.stopSignal === runtimev1.Signal.RUNTIME_DEFAULT ? runtimev1.Signal.SIGTERM : container.config.stopSignal,
  });
}

export function toImage(image: SimulatedImage): runtimev1.Image {
  return {
    id: image.id,
    repoTags: [...image.tags],
    repoDigests: [...image.digests],
    size: BigInt(image.sizeBytes),
    uid: undefined,
    username: '',
    spec: { image: image.tags[0] ?? image.digests[0] ?? image.id, annotations: {}, userSpecifiedImage: '', runtimeHandler: '', imageRef: '' },
    pinned: false,
  };
}

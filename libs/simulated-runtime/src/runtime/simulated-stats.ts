import { runtimev1 } from '@navarch/proto';

import { imageFilesystem } from './image-filesystem';
import type { ContainerRecord, SandboxRecord } from './model';
import { nanoseconds } from './to-cri';

const MEBI = 1 << 20;

/** A number between 0 and 1 that is always the same for one id. */
function share(id: string, at: number): number {
  return Number.parseInt(id.slice(at, at + 4), 16) / 0xffff;
}

/** A tenth to a half of what the container asked for; 1024 shares are one core. */
function nanoCores(container: ContainerRecord): number {
  const shares = Number(container.config.linux?.resources?.cpuShares ?? 0n) || 102;
  return (shares / 1024) * 1e9 * (0.1 + 0.4 * share(container.id, 0));
}

function workingSetBytes(container: ContainerRecord): number {
  const limit = Number(container.config.linux?.resources?.memoryLimitInBytes ?? 0n) || 64 * MEBI;
  return Math.round(limit * (0.1 + 0.4 * share(container.id, 4)));
}

const uint = (value: number): runtimev1.UInt64Value => ({ value: BigInt(Math.max(0, Math.round(value))) });

function cpu(containers: readonly ContainerRecord[], now: number): runtimev1.CpuUsage {
  const running = containers.filter(({ phase }) => phase === 'running');
  const used = running.reduce((sum, container) => sum + nanoCores(container) * ((now - container.startedAt) / 1000), 0);
  const rate = running.reduce((sum, container) => sum + nanoCores(container), 0);
  return { timestamp: nanoseconds(now), usageCoreNanoSeconds: uint(used), usageNanoCores: uint(rate), psi: undefined };
}

function memory(containers: readonly ContainerRecord[], now: number): runtimev1.MemoryUsage {
  const bytes = containers.filter(({ phase }) => phase === 'running').reduce((sum, container) => sum + workingSetBytes(container), 0);
  return runtimev1.MemoryUsage.fromPartial({
    timestamp: nanoseconds(now),
    workingSetBytes: uint(bytes),
    usageBytes: uint(bytes * 1.1),
    rssBytes: uint(bytes * 0.9),
    pageFaults: uint(0),
    majorPageFaults: uint(0),
  });
}

/** Usage that looks alive and is the same at the same moment: steady rates drawn from the container's id and requests. */
export function containerStats(container: ContainerRecord, now: number): runtimev1.ContainerStats {
  return {
    attributes: { id: container.id, metadata: container.config.metadata, labels: container.config.labels, annotations: container.config.annotations },
    cpu: cpu([container], now),
    memory: memory([container], now),
    writableLayer: { timestamp: nanoseconds(now), fsId: { mountpoint: imageFilesystem }, usedBytes: uint(16384), inodesUsed: uint(8) },
    swap: undefined,
    io: undefined,
  };
}

export function sandboxStats(sandbox: SandboxRecord, containers: readonly ContainerRecord[], now: number): runtimev1.PodSandboxStats {
  const running = containers.filter(({ phase }) => phase === 'running');
  const bytes = uint((now - sandbox.createdAt) / 10);
  const eth0 = { name: 'eth0', rxBytes: bytes, rxErrors: uint(0), txBytes: bytes, txErrors: uint(0) };
  return {
    attributes: { id: sandbox.id, metadata: sandbox.config.metadata, labels: sandbox.config.labels, annotations: sandbox.config.annotations },
    linux: {
      cpu: cpu(containers, now),
      memory: memory(containers, now),
      network: { timestamp: nanoseconds(now), defaultInterface: eth0, interfaces: [eth0] },
      process: { timestamp: nanoseconds(now), processCount: uint(running.length + 1) },
      containers: running.map((container) => containerStats(container, now)),
      io: undefined,
    },
    windows: undefined,
  };
}

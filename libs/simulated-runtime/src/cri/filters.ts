import { type runtimev1 } from '@navarch/proto';

import type { ContainerRecord, SandboxRecord } from '../runtime/model';
import type { SimulatedRuntime } from '../runtime/simulated-runtime';
import { containerState, sandboxState } from '../runtime/to-cri';

function hasLabels(labels: Readonly<Record<string, string>>, selector: Readonly<Record<string, string>>): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/** The part of a filter that sandboxes share; all given conditions must hold. */
interface SandboxSelection {
  readonly id: string;
  readonly state?: runtimev1.PodSandboxStateValue | undefined;
  readonly labelSelector: Readonly<Record<string, string>>;
}

interface ContainerSelection {
  readonly id: string;
  readonly podSandboxId: string;
  readonly state?: runtimev1.ContainerStateValue | undefined;
  readonly labelSelector: Readonly<Record<string, string>>;
}

export function selectSandboxes(runtime: SimulatedRuntime, filter: SandboxSelection | undefined): SandboxRecord[] {
  if (!filter) return [...runtime.records.sandboxes];
  const candidates = filter.id === '' ? [...runtime.records.sandboxes] : [runtime.records.findSandbox(filter.id) ?? []].flat();
  return candidates.filter(
    (sandbox) => (!filter.state || filter.state.state === sandboxState(sandbox)) && hasLabels(sandbox.config.labels, filter.labelSelector),
  );
}

export function selectContainers(runtime: SimulatedRuntime, filter: ContainerSelection | undefined): ContainerRecord[] {
  if (!filter) return [...runtime.records.containers];
  const candidates =
    filter.id !== '' ? [runtime.records.findContainer(filter.id) ?? []].flat() : filter.podSandboxId !== '' ? runtime.records.containersOf(filter.podSandboxId) : [...runtime.records.containers];
  return candidates.filter(
    (container) =>
      (filter.podSandboxId === '' || container.sandboxId === filter.podSandboxId) &&
      (!filter.state || filter.state.state === containerState(container)) &&
      hasLabels(container.config.labels, filter.labelSelector),
  );
}

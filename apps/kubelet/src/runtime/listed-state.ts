import { runtimev1 } from '@navarch/proto';
import { type ContainerView, type RuntimeView } from '../pods/runtime-view';

const { PodSandboxState, ContainerState } = runtimev1;

/** One sandbox or container and its state, as lists of the runtime tell of it. */
export const sandboxEntry = (id: string, state: runtimev1.PodSandboxState): string => `${id}=${PodSandboxState[state]}`;
export const containerEntry = (id: string, state: runtimev1.ContainerState): string => `${id}=${ContainerState[state]}`;

/** All that lists tell of a pod, in one text. */
export const listedState = (entries: string[]): string => entries.sort().join(' ');

/** What lists would tell of a pod if it is as it was last seen; undefined where a list cannot tell all that is still to be seen. */
export function seenState({ sandboxes, containers }: RuntimeView): string | undefined {
  // Addresses may come after a sandbox is ready.
  if (sandboxes.some(({ ready, hostNetwork, ips }) => ready && !hostNetwork && ips.length === 0)) return undefined;
  return listedState([
    ...sandboxes.map(({ id, ready }) => sandboxEntry(id, ready ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY)),
    ...containers.map(({ id, state }) => containerEntry(id, states[state])),
  ]);
}

const states: Readonly<Record<ContainerView['state'], runtimev1.ContainerState>> = {
  created: ContainerState.CONTAINER_CREATED,
  running: ContainerState.CONTAINER_RUNNING,
  exited: ContainerState.CONTAINER_EXITED,
  unknown: ContainerState.CONTAINER_UNKNOWN,
};

import { type Decision, DecisionBuilder } from './decision';
import { imageKey, killKey, sandboxKey, startKey, stopSandboxKey, volumesKey } from './pod-action';
import { type PodObservation, type Termination } from './pod-observation';
import { allContainersOf, containersOf, initContainersOf, isSidecar } from './pod-spec';
import { type ContainerView } from './runtime-view';

/**
 * Stops a pod: its containers together, then its sidecars from last to first (all at once when the grace is
 * over), then its sandboxes. All preStop hooks run at once, as upstream's do. `stopped` when nothing runs and nothing is under way.
 */
export function decideTermination(seen: PodObservation, termination: Termination): Decision {
  const result = new DecisionBuilder();
  const { runtime, inFlight, nowMs } = seen;
  const mayTry = (key: string): boolean => {
    if (inFlight.has(key)) return false;
    const retryAt = seen.retryAtMs.get(key) ?? 0;
    if (retryAt > nowMs) result.wakeAt(retryAt);
    return retryAt <= nowMs;
  };
  const kill = (container: ContainerView, after: readonly string[]): void => {
    if (container.state === 'created') {
      // It never ran, so there is nothing to ask to end.
      if (mayTry(`remove/${container.id}`)) result.act({ kind: 'removeContainer', containerId: container.id });
      return;
    }
    if (!mayTry(killKey(container.id, termination.graceSeconds))) return;
    result.act({ kind: 'killContainer', container, graceSeconds: termination.graceSeconds, message: `Stopping container ${container.name}`, after });
  };

  const alive = runtime.containers.filter((container) => container.state !== 'exited');
  const sidecars = initContainersOf(seen.pod).filter(isSidecar).map((container) => container.name);
  // A sidecar is there for the pod's containers, and for the sidecars after it.
  const servedBy = (name: string): string[] => (sidecars.includes(name) ? [...containersOf(seen.pod).map((container) => container.name), ...sidecars.slice(sidecars.indexOf(name) + 1)] : []);
  for (const container of alive) kill(container, servedBy(container.name));

  if (alive.length > 0 || isBusy(seen)) return result.done('stopping');
  for (const sandbox of runtime.sandboxes) {
    if (sandbox.ready && mayTry(stopSandboxKey(sandbox.id))) result.act({ kind: 'stopSandbox', sandboxId: sandbox.id });
  }
  const sandboxesLeft = runtime.sandboxes.some((sandbox) => sandbox.ready || inFlight.has(stopSandboxKey(sandbox.id)));
  return result.done(sandboxesLeft ? 'stopping' : 'stopped');
}

/** Something that could still bring up a sandbox or a container has not ended. */
function isBusy({ pod, inFlight }: PodObservation): boolean {
  return inFlight.has(sandboxKey) || inFlight.has(volumesKey)
    || allContainersOf(pod).some(({ name }) => inFlight.has(startKey(name)) || inFlight.has(imageKey(name)));
}

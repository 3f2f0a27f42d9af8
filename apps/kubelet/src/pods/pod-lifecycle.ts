import { type corev1 } from '@navarch/api';
import { decideTermination } from './decide-termination';
import { type Decision, DecisionBuilder } from './decision';
import { goSeconds } from './go-duration';
import { fitPodKey, imageKey, isChangingPod, isChangingResources, isKilling, resizeKey, resizePodKey, sandboxKey, startKey, stopSandboxKey, volumesKey } from './pod-action';
import { type PodObservation } from './pod-observation';
import { containersOf, ephemeralContainersOf, initContainersOf, isSidecar, podText, restartPolicyOf } from './pod-spec';
import { decideRestartAll, restartTriggers } from './restart-all';
import { initRestartsAfterExit, restartsAfterExit } from './restart-policy';
import { effectiveResources, resizeRestarts, sameResources } from './resize';
import { isResizing } from './resize-conditions';
import { latestContainer, type ContainerView, type SandboxView } from './runtime-view';

/**
 * The next step of a pod, from what is seen of it: no I/O, no clock, no memory. Called on every change; it names
 * only actions that are not already under way.
 */
export function decide(observation: PodObservation): Decision {
  if (observation.termination) return decideTermination(observation, observation.termination);
  const triggers = restartTriggers(observation.pod, observation.runtime);
  if (triggers.length > 0) return decideRestartAll(observation, triggers);
  if (isFinished(observation)) return new DecisionBuilder().done('finished');
  return new RunningPod(observation).decide();
}

/** True when no container of the pod will run again: all have ended for good, or initialisation has failed for good. */
export function isFinished({ pod, runtime, inFlight, remade }: PodObservation): boolean {
  const failedInit = initContainersOf(pod).some((container) => {
    if (isSidecar(container)) return false;
    const latest = latestContainer(runtime, container.name);
    return latest?.state === 'exited' && latest.exitCode !== 0 && !initRestartsAfterExit(pod, container, latest);
  });
  const containers = containersOf(pod);
  if (failedInit) return !containers.some((container) => latestContainer(runtime, container.name)?.state === 'running');
  return containers.length > 0 && containers.every((container) => {
    if (inFlight.has(startKey(container.name))) return false;
    const latest = latestContainer(runtime, container.name);
    return latest?.state === 'exited' && !remade.has(latest.id) && !restartsAfterExit(pod, container, latest);
  });
}

type StartResult = 'busy' | 'waiting';

/** One pass over a pod that is to run. */
class RunningPod {
  readonly #result = new DecisionBuilder();
  readonly #sandbox: SandboxView | undefined;
  /** A container is on its way: those after it in the spec wait, as upstream starts them in order. */
  #startBlocked = false;

  constructor(private readonly seen: PodObservation) {
    const newest = seen.runtime.sandboxes[0];
    const usable = newest?.ready === true && newest.hostNetwork === (seen.pod.spec?.hostNetwork === true);
    this.#sandbox = usable ? newest : undefined;
  }

  decide(): Decision {
    if (!this.seen.volumesReady && this.#mayTry(volumesKey)) this.#result.act({ kind: 'prepareVolumes' });
    this.#stopOldSandboxes();
    if (!this.#sandbox) this.#replaceSandbox();
    this.#stepEphemeralContainers();
    if (this.#stepInitContainers()) this.#stepContainers();
    this.#resizePod();
    return this.#result.done('running');
  }

  #stopOldSandboxes(): void {
    for (const sandbox of this.seen.runtime.sandboxes) {
      if (!sandbox.ready || sandbox === this.#sandbox) continue;
      if (this.#mayTry(stopSandboxKey(sandbox.id))) this.#result.act({ kind: 'stopSandbox', sandboxId: sandbox.id });
    }
  }

  /** Nothing may run in a sandbox that is gone; when nothing does, a new one is made. */
  #replaceSandbox(): void {
    const { pod, runtime, inFlight } = this.seen;
    const running = runtime.containers.filter((container) => container.state === 'running');
    for (const container of running) this.#kill(container, 'Pod sandbox changed, it will be killed and re-created.');
    const attempted = runtime.sandboxes.length > 0 && runtime.containers.length > 0;
    if (attempted && restartPolicyOf(pod) === 'Never' && !containersOf(pod).some((container) => container.restartPolicy !== undefined || container.restartPolicyRules !== undefined)) return;
    const old = runtime.sandboxes.some((sandbox) => sandbox.ready || inFlight.has(stopSandboxKey(sandbox.id)));
    if (running.length > 0 || old || !this.#mayTry(sandboxKey)) return;
    this.#result.act({ kind: 'createSandbox', attempt: (runtime.sandboxes[0]?.attempt ?? -1) + 1 });
  }

  /** Before all others: who looks into a pod that does not get through its initialisation waits for none of it (upstream's kuberuntime does so). */
  #stepEphemeralContainers(): void {
    for (const container of ephemeralContainersOf(this.seen.pod)) {
      if (!latestContainer(this.seen.runtime, container.name)) this.#start(container, undefined);
    }
  }

  /** True when the pod's containers may run. */
  #stepInitContainers(): boolean {
    const { pod, inFlight } = this.seen;
    const containers = initContainersOf(pod);
    const initialized = containersOf(pod).some((container) => this.#current(container) !== undefined);
    const lastSeen = containers.findLastIndex((container) => this.#current(container) !== undefined);
    for (const [index, container] of containers.entries()) {
      const current = this.#current(container);
      if (isSidecar(container)) {
        if (current?.state === 'running') this.#keepHealthy(container, current);
        else this.#start(container, latestContainer(this.seen.runtime, container.name));
        const up = current?.state === 'running' && !inFlight.has(startKey(container.name)) && this.#startupDone(container, current);
        if (!up && !initialized && index >= lastSeen) return false;
        continue;
      }
      if (initialized || index < lastSeen || (current?.state === 'exited' && current.exitCode === 0)) continue;
      if (current?.state === 'running') {
        if (!inFlight.has(startKey(container.name))) this.#resize(container, current);
        return false;
      }
      if (current?.state === 'exited' && !initRestartsAfterExit(pod, container, current)) return false;
      this.#start(container, latestContainer(this.seen.runtime, container.name));
      return false;
    }
    return true;
  }

  #stepContainers(): void {
    const { pod, runtime, remade } = this.seen;
    for (const container of containersOf(pod)) {
      const latest = latestContainer(runtime, container.name);
      if (latest?.state === 'running') {
        if (latest.sandboxId === this.#sandbox?.id) this.#keepHealthy(container, latest);
        else if (this.#sandbox) this.#kill(latest, 'Pod sandbox changed, it will be killed and re-created.');
        continue;
      }
      if (latest?.state === 'exited' && !remade.has(latest.id) && !restartsAfterExit(pod, container, latest)) continue;
      this.#start(container, latest);
    }
  }

  /** Ends a running container that its probes or a changed spec condemn. */
  #keepHealthy(container: corev1.Container, running: ContainerView): void {
    if (this.seen.inFlight.has(startKey(container.name))) return;
    const probes = this.seen.probes(running.id);
    if (running.hash !== '' && running.hash !== this.seen.hashOf(container)) {
      this.#kill(running, `Container ${container.name} definition changed, will be restarted`, { remake: true });
    } else if (probes.liveness === 'failure') {
      this.#condemn(container, running, 'liveness', container.livenessProbe);
    } else if (probes.startup === 'failure') {
      this.#condemn(container, running, 'startup', container.startupProbe);
    } else this.#resize(container, running);
  }

  /** Gives a running container the resources that are now set aside for it. */
  #resize(container: corev1.Container, running: ContainerView): void {
    const from = this.seen.applied(running.id);
    const to = effectiveResources(container, this.seen.pod.spec?.resources);
    if (from === undefined || sameResources(from, to) || isKilling(this.seen.inFlight, running.id)) return;
    if (resizeRestarts(container, from, to)) this.#kill(running, `Container ${container.name} resize requires restart`, { remake: true });
    else if (!isChangingPod(this.seen.inFlight) && this.#mayTry(resizeKey(running.id))) this.#result.act({ kind: 'resizeContainer', container, containerId: running.id, from });
  }

  /** The pod's own group comes last: it is widened for containers as they grow, and no narrower than what they have while they shrink. */
  #resizePod(): void {
    const { pod, runtime, applied, podHasItsOwn, podMayBeWide, inFlight } = this.seen;
    if ((podHasItsOwn && !podMayBeWide) || !this.#sandbox || isResizing(pod, runtime, { applied, podHasItsOwn: true }) || isChangingResources(inFlight)) return;
    if (podHasItsOwn) {
      if (this.#mayTry(fitPodKey)) this.#result.act({ kind: 'fitPod' });
    } else if (this.#mayTry(resizePodKey)) this.#result.act({ kind: 'resizePod' });
  }

  /** Brings a container up one step: wait out a crash, image, then create and run. */
  #start(container: corev1.Container, last: ContainerView | undefined): StartResult {
    const { pod, inFlight, imagesReady, nowMs } = this.seen;
    const { name } = container;
    if (inFlight.has(startKey(name))) return this.#busy();
    if (last?.state === 'exited') {
      const wait = this.seen.crashWait(container, last);
      if (wait.untilMs > nowMs) {
        this.#result.wakeAt(wait.untilMs);
        this.#result.wait(name, {
          reason: 'CrashLoopBackOff',
          message: `back-off ${goSeconds(wait.delayMs)} restarting failed container=${name} pod=${podText(pod)}`,
        });
        return 'waiting';
      }
    }
    if (last?.state === 'unknown') {
      // It may run: two of a name must not.
      this.#kill(last, `${initContainersOf(pod).includes(container) ? 'Init container' : 'Container'} is in "unknown" state, try killing it before restart`);
      return this.#busy();
    }
    if (!imagesReady.has(name)) {
      if (!inFlight.has(imageKey(name))) {
        if (!this.#mayTry(imageKey(name))) return 'waiting';
        this.#result.act({ kind: 'ensureImage', container });
      }
      return this.#busy();
    }
    if (last?.state === 'created') return this.#discard(last);
    if (!this.#sandbox || !this.seen.volumesReady || this.#startBlocked) return this.#busy();
    if (!this.#mayTry(startKey(name))) return 'waiting';
    this.#result.act({
      kind: 'startContainer', container, sandboxId: this.#sandbox.id, attempt: last ? last.attempt + 1 : this.seen.startsBefore(name), ...(last ? { last } : {}),
    });
    return this.#busy();
  }

  /** A container that was made but never ran, by a kubelet that died in between: make it anew. */
  #discard(container: ContainerView): StartResult {
    const key = `remove/${container.id}`;
    if (this.#mayTry(key)) this.#result.act({ kind: 'removeContainer', containerId: container.id });
    return this.#busy();
  }

  #busy(): StartResult {
    this.#startBlocked = true;
    return 'busy';
  }

  /** A container that its probes condemn has failed, whatever it ends with then; its rules are not asked, as it has not ended by itself. */
  #condemn(container: corev1.Container, running: ContainerView, by: string, probe: corev1.Probe | undefined): void {
    const remake = (container.restartPolicy ?? restartPolicyOf(this.seen.pod)) !== 'Never';
    this.#kill(running, `Container ${container.name} failed ${by} probe${remake ? ', will be restarted' : ''}`, { probe, remake });
  }

  #kill(container: ContainerView, message: string, { probe, remake = false }: { readonly probe?: corev1.Probe | undefined; readonly remake?: boolean } = {}): void {
    if (isKilling(this.seen.inFlight, container.id)) return;
    const graceSeconds = probe?.terminationGracePeriodSeconds ?? this.seen.pod.spec?.terminationGracePeriodSeconds ?? 30;
    if (this.#mayTry(`kill/${container.id}/${graceSeconds}`)) this.#result.act({ kind: 'killContainer', container, graceSeconds, message, remake });
  }

  #current(container: corev1.Container): ContainerView | undefined {
    return this.#sandbox && latestContainer(this.seen.runtime, container.name, this.#sandbox.id);
  }

  #startupDone(container: corev1.Container, running: ContainerView): boolean {
    return !container.startupProbe || this.seen.probes(running.id).startup === 'success';
  }

  /** False while an action runs, or waits after a failure. */
  #mayTry(key: string): boolean {
    if (this.seen.inFlight.has(key)) return false;
    const retryAt = this.seen.retryAtMs.get(key) ?? 0;
    if (retryAt <= this.seen.nowMs) return true;
    this.#result.wakeAt(retryAt);
    return false;
  }
}

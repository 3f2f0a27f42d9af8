import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type PodCgroups } from '../cgroups/pod-cgroups';
import { sandboxResources } from '../containers/sandbox-resources';
import { AttachLimitError } from '../csi/volume-limits';
import { type DevicePlugins } from '../devices/device-plugins';
import { type ResourceClaims } from '../dra/resource-claims';
import { errorText } from '../error-text';
import { ContainerHooks, graceLeft } from '../hooks/container-hooks';
import { type HookMetrics } from '../hooks/lifecycle-hooks';
import { type ImagePuller, type PresentImage } from '../images/image-puller';
import { LogFiles } from '../logs/log-files';
import { RuntimeUnsupportedError, type ContainerRuntime } from '../runtime';
import { observeContainer, observeSandbox } from '../runtime/observe-pod';
import { type PodVolumes } from '../volumes/pod-volumes';
import { VolumeError } from '../volumes/volume-error';
import { ContainerStartError, PodRejectedError } from './action-error';
import { PodConfigs, type PodConfigsDeps } from './pod-configs';
import { findContainer, nameOf, namespaceOf, uidOf } from './pod-spec';
import { effectiveResources } from './resize';
import { podShrinkError, shrinkError, shrinks, type MemoryInUse } from './resize-memory';
import { type ContainerView, type RuntimeView, type SandboxView } from './runtime-view';

export interface PodExecutorDeps extends PodConfigsDeps {
  readonly runtime: ContainerRuntime;
  readonly images: ImagePuller;
  readonly volumes: PodVolumes;
  readonly cgroups: PodCgroups;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HookMetrics;
  readonly devices: Pick<DevicePlugins, 'prepare' | 'settingsOf' | 'forgetPod'>;
  readonly claims: Pick<ResourceClaims, 'prepare' | 'unprepare' | 'holds' | 'devicesFor'>;
}

/** What a container starts from. */
export interface ContainerStart {
  readonly attempt: number;
  readonly sandbox: SandboxView;
  readonly image: PresentImage;
  readonly view: RuntimeView;
  /** The pod with all that its containers have or are to have. */
  readonly held: corev1.Pod;
}

/** How a container is to end. */
export interface KillOrder {
  readonly message: string;
  readonly deadlineMs: number;
  /** Its preStop hook does not run. */
  readonly withoutHook: boolean;
  /** Until it may be asked to end. */
  readonly turn: () => Promise<void>;
}

/** What upstream says where the runtime has none, as containerd before 2.0. */
const userNamespacesUnsupported = 'can\'t set `spec.hostUsers: false`, runtime does not support user namespaces';

/** Carries out what was decided for a pod, and says so in events. Knows nothing of what comes next. */
export class PodExecutor {
  readonly #hooks: ContainerHooks;
  readonly #logs: LogFiles;
  readonly #configs: PodConfigs;

  constructor(private readonly deps: PodExecutorDeps) {
    this.#hooks = new ContainerHooks(deps);
    this.#configs = new PodConfigs(deps);
    this.#logs = new LogFiles({ linksDirectory: deps.directories.containerLogs, log: deps.log });
  }

  async prepareVolumes(pod: corev1.Pod): Promise<void> {
    await this.deps.volumes.prepare(pod).catch((error: unknown) => {
      if (error instanceof Error && error.cause instanceof AttachLimitError) throw new PodRejectedError('VolumeAttachmentLimitExceeded', `Pod was rejected: ${error.cause.message}`, { cause: error });
      const reason = error instanceof VolumeError ? error.reason : 'FailedMount';
      if (reason !== undefined) this.deps.events.pod(pod, 'Warning', reason, errorText(error));
      throw error;
    });
  }

  async refreshVolumes(pod: corev1.Pod): Promise<void> {
    await this.deps.volumes.refresh(pod);
  }

  /** `old`: the pod's sandboxes that do not live any more. */
  async createSandbox(pod: corev1.Pod, attempt: number, old: readonly SandboxView[]): Promise<SandboxView> {
    const { runtime, events, directories } = this.deps;
    if (old.length > 0) events.pod(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    // One that died by itself still holds its address: only stopping it gives that back.
    for (const { id } of old) await this.stopSandbox(pod, id);
    await this.deps.devices.prepare(pod);
    await this.deps.claims.prepare(pod).catch((error: unknown) => {
      events.pod(pod, 'Warning', 'FailedPrepareDynamicResources', `Failed to prepare dynamic resources: ${errorText(error)}`);
      throw error;
    });
    const { networkError } = this.deps.node();
    if (networkError !== undefined && pod.spec?.hostNetwork !== true) {
      events.pod(pod, 'Warning', 'NetworkNotReady', `network is not ready: ${networkError}`);
      throw new Error(`network is not ready: ${networkError}`);
    }
    try {
      const handler = await this.#configs.handler(pod);
      if (pod.spec?.hostUsers === false && !this.deps.node().userNamespaces.has(handler)) throw new Error(userNamespacesUnsupported);
      await mkdir(directories.podLogs(namespaceOf(pod), nameOf(pod), uidOf(pod)), { recursive: true, mode: 0o755 });
      const id = await runtime.runPodSandbox(await this.#configs.sandbox(pod, attempt), handler);
      const view = await observeSandbox(runtime, id);
      if (!view) throw new Error(`pod sandbox ${id} is gone`);
      return view;
    } catch (error) {
      events.pod(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${errorText(error)}`);
      throw error;
    }
  }

  async stopSandbox(pod: corev1.Pod, sandboxId: string): Promise<void> {
    await this.deps.runtime.stopPodSandbox(sandboxId).catch((error: unknown) => {
      this.deps.events.pod(pod, 'Warning', 'FailedKillPod', `error killing pod: failed to "KillPodSandbox" for "${uidOf(pod)}" with KillPodSandboxError: "${errorText(error)}"`);
      throw error;
    });
  }

  ensureImage(pod: corev1.Pod, container: corev1.Container, signal: AbortSignal): Promise<PresentImage> {
    return this.deps.images.ensure(pod, container, undefined, signal);
  }

  /**
   * Makes and starts a container and runs its postStart hook. `onCreated` is told its id before it runs.
   * Throws ContainerStartError.
   */
  async startContainer(pod: corev1.Pod, container: corev1.Container, { attempt, sandbox, image, view, held }: ContainerStart, signal: AbortSignal): Promise<ContainerView | undefined> {
    const { runtime, events } = this.deps;
    const say = (type: 'Normal' | 'Warning', reason: string, message: string): void => events.pod(pod, type, reason, message, container.name);
    const failed = (reason: ContainerStartError['reason'], error: unknown): ContainerStartError => {
      say('Warning', 'Failed', `Error: ${errorText(error)}`);
      return new ContainerStartError(reason, errorText(error), { cause: error });
    };
    const sandboxConfiguration = await this.#configs.sandbox(pod, sandbox.attempt, held);
    const config = await this.#configs.container(pod, container, attempt, sandbox, image, view).catch((error: unknown) => {
      throw failed('CreateContainerConfigError', error);
    });
    const id = await runtime.createContainer(sandbox.id, config, sandboxConfiguration).catch((error: unknown) => {
      throw failed('CreateContainerError', error);
    });
    say('Normal', 'Created', 'Container created');
    await runtime.startContainer(id).catch((error: unknown) => {
      throw failed('RunContainerError', error);
    });
    await this.#logs.link(pod, { id, name: container.name, logPath: join(sandboxConfiguration.logDirectory, config.logPath) });
    say('Normal', 'Started', 'Container started');
    if (container.lifecycle?.postStart) await this.#hooks.postStart({ pod, container, containerId: id, podIP: this.#configs.podIP(sandbox) }, container.lifecycle.postStart, signal);
    return observeContainer(runtime, id, sandbox.id);
  }

  /** Runs the preStop hook, waits for the container's turn and stops it, all by the deadline (but never without a moment's grace). */
  async killContainer(pod: corev1.Pod, container: ContainerView, { message, deadlineMs, withoutHook, turn }: KillOrder, sandbox: SandboxView | undefined, signal: AbortSignal): Promise<ContainerView | undefined> {
    const { runtime, events, clock } = this.deps;
    events.pod(pod, 'Normal', 'Killing', message, container.name);
    const spec = findContainer(pod, container.name);
    const preStop = spec?.lifecycle?.preStop;
    if (spec && preStop && !withoutHook && container.state === 'running' && deadlineMs > clock.now()) {
      await this.#hooks.preStop({ pod, container: spec, containerId: container.id, podIP: sandbox ? this.#configs.podIP(sandbox) : '' }, preStop, deadlineMs, signal);
    }
    await turn();
    await runtime.stopContainer(container.id, graceLeft(deadlineMs - clock.now()));
    return observeContainer(runtime, container.id, container.sandboxId);
  }

  /** Gives a running container other resources; the pod's group is never narrower than what is in it. `held`: the pod with all that it has or is to have. */
  async resizeContainer(pod: corev1.Pod, container: corev1.Container, containerId: string, { from, held }: { readonly from: corev1.ResourceRequirements; readonly held: corev1.Pod }): Promise<void> {
    const to = effectiveResources(container, pod.spec?.resources);
    const error = shrinks(from, to) ? shrinkError(held, pod, { name: container.name, from, to }, await this.#memoryInUse(pod, containerId)) : undefined;
    if (error !== undefined) throw new Error(error);
    await this.deps.cgroups.widenPod(pod, held);
    await this.deps.runtime.updateContainerResources(containerId, this.#configs.resources(pod, container));
  }

  /** Gives the pod's own group what is set aside for the pod, its containers having theirs; `given`: the pod with what it has now. */
  async resizePod(pod: corev1.Pod, given: corev1.Pod, sandboxId: string): Promise<void> {
    const error = podShrinkError(given, pod, await this.deps.cgroups.memoryUsage(pod));
    if (error !== undefined) throw new Error(error);
    await this.deps.cgroups.ensurePod(pod);
    await this.deps.runtime.updatePodSandboxResources(sandboxId, sandboxResources(pod, this.deps.node())).catch((unserved: unknown) => {
      // A runtime whose sandboxes are not made to measure, such as containerd before 2.0, has nothing to change.
      if (!(unserved instanceof RuntimeUnsupportedError)) throw unserved;
    });
  }

  /** Gives the pod's own group what is set aside for the pod, whatever it has. */
  async fitPod(pod: corev1.Pod): Promise<void> {
    await this.deps.cgroups.ensurePod(pod);
  }

  async #memoryInUse(pod: corev1.Pod, containerId: string): Promise<MemoryInUse> {
    const stats = (await this.deps.runtime.listContainerStats()).find(({ attributes }) => attributes?.id === containerId);
    const used = stats?.memory?.usageBytes;
    return { pod: await this.deps.cgroups.memoryUsage(pod), container: used === undefined ? undefined : Number(used.value) };
  }

  /** With its log. */
  async removeContainer(pod: corev1.Pod, container: Pick<ContainerView, 'id' | 'name' | 'logPath'>): Promise<void> {
    await this.#logs.remove(pod, container);
    await this.deps.runtime.removeContainer(container.id);
  }

  async removeContainers(pod: corev1.Pod, { containers }: RuntimeView): Promise<void> {
    await Promise.all(containers.map((container) => this.removeContainer(pod, container)));
  }

  async removeSandbox(sandboxId: string): Promise<void> {
    // One that died by itself has not given its network back.
    await this.deps.runtime.stopPodSandbox(sandboxId);
    await this.deps.runtime.removePodSandbox(sandboxId);
  }

  /** Removes the pod's containers, sandboxes, files and logs: it will never be asked about again. */
  async removeFromRuntime(pod: corev1.Pod, view: RuntimeView): Promise<void> {
    const { directories } = this.deps;
    await this.removeContainers(pod, view);
    await Promise.all(view.sandboxes.map(({ id }) => this.removeSandbox(id)));
    await this.deps.volumes.remove(uidOf(pod));
    await rm(directories.podLogs(namespaceOf(pod), nameOf(pod), uidOf(pod)), { recursive: true, force: true });
  }

  /** Claims of the pod are prepared, or may be: until they are taken back the pod is not over. */
  holdsClaims(pod: corev1.Pod): boolean {
    return this.deps.claims.holds(uidOf(pod));
  }

  /** Gives back what a pod had of the node, once nothing of it runs; its logs and last words stay. */
  async cleanUp(pod: corev1.Pod, view: RuntimeView): Promise<void> {
    // Also those that died by themselves: only stopping gives an address back.
    await Promise.all(view.sandboxes.map(({ id }) => this.stopSandbox(pod, id)));
    // The scheduler may give them to others as soon as the API shows the pod's end.
    await this.deps.claims.unprepare(uidOf(pod));
    await this.deps.volumes.removeVolumes(uidOf(pod));
    await this.deps.cgroups.removePod(pod);
    this.deps.images.forgetPod(pod);
    this.deps.devices.forgetPod(uidOf(pod));
    this.deps.placement.forgetPod(uidOf(pod));
    this.deps.users.forgetPod(uidOf(pod));
  }
}

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { runtimev1 } from '@navarch/proto';
import { type PodCgroups } from '../cgroups/pod-cgroups';
import { ContainerConfigError } from '../containers/config-error';
import { containerConfig } from '../containers/container-config';
import { containerResources } from '../containers/container-resources';
import { withSwap, type NodeSwap } from '../containers/container-swap';
import { podDns, type DnsInput } from '../containers/dns-config';
import { makeEnvironment, type ReferencedData } from '../containers/environment';
import { kernelHostname } from '../containers/hosts-file';
import { ownMounts } from '../containers/own-mounts';
import { sandboxConfig } from '../containers/sandbox-config';
import { sandboxResources } from '../containers/sandbox-resources';
import { containerSecurityContext } from '../containers/security-context';
import { serviceEnvironment } from '../containers/service-environment';
import { AttachLimitError } from '../csi/volume-limits';
import { type DevicePlugins } from '../devices/device-plugins';
import { type ResourceClaims } from '../dra/resource-claims';
import { type UserNamespaces } from '../containers/user-namespaces';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { ContainerHooks, graceLeft } from '../hooks/container-hooks';
import { type HookMetrics } from '../hooks/lifecycle-hooks';
import { type ImagePuller, type PresentImage } from '../images/image-puller';
import { LogFiles } from '../logs/log-files';
import { RuntimeUnsupportedError, type ContainerRuntime } from '../runtime';
import { observeContainer, observeSandbox } from '../runtime/observe-pod';
import { FileSystemMismatchError } from '../volumes/disks';
import { type PodDirectories } from '../volumes/pod-directories';
import { type PodVolumes } from '../volumes/pod-volumes';
import { ContainerStartError, PodRejectedError } from './action-error';
import { findContainer, nameOf, namespaceOf, uidOf } from './pod-spec';
import { effectiveResources } from './resize';
import { podShrinkError, shrinkError, shrinks, type MemoryInUse } from './resize-memory';
import { type PodPlacement } from '../topology/pod-placement';
import { latestContainer, type ContainerView, type RuntimeView, type SandboxView } from './runtime-view';

/** What the node lends to every pod. */
export interface NodeSurroundings {
  readonly hostIPs: readonly string[];
  readonly allocatable: Readonly<Record<string, string>>;
  readonly memoryCapacity: number;
  readonly seccompDefault: boolean;
  /** Whether limits of processor time are enforced. */
  readonly cpuQuota: boolean;
  /** Whether all of a container ends when the kernel ends one of its processes for want of memory. */
  readonly killsGroups: boolean;
  readonly swap: NodeSwap;
  readonly dns: DnsInput;
  /** Runtime handlers, by name, that can give pods users of their own. */
  readonly userNamespaces: ReadonlySet<string>;
  /** Those that can make whole trees read-only. */
  readonly recursiveReadOnlyMounts: ReadonlySet<string>;
  /** Why pods cannot have a network now; undefined when they can. */
  readonly networkError: string | undefined;
}

export interface PodExecutorDeps {
  readonly runtime: ContainerRuntime;
  readonly images: ImagePuller;
  readonly volumes: PodVolumes;
  readonly directories: PodDirectories;
  readonly cgroups: PodCgroups;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HookMetrics;
  readonly data: ReferencedData;
  readonly users: UserNamespaces;
  readonly devices: Pick<DevicePlugins, 'prepare' | 'settingsOf' | 'forgetPod'>;
  readonly claims: Pick<ResourceClaims, 'prepare' | 'unprepare' | 'holds' | 'devicesFor'>;
  readonly placement: PodPlacement;
  readonly node: () => NodeSurroundings;
  /** All services known; throws while they have not been read once, which only a static pod does not wait for. */
  readonly services: (pod: corev1.Pod) => readonly corev1.Service[];
  /** The runtime's name for a RuntimeClass. */
  readonly runtimeHandler: (runtimeClassName: string) => Promise<string>;
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

  constructor(private readonly deps: PodExecutorDeps) {
    this.#hooks = new ContainerHooks(deps);
    this.#logs = new LogFiles({ linksDirectory: deps.directories.containerLogs, log: deps.log });
  }

  async prepareVolumes(pod: corev1.Pod): Promise<void> {
    await this.deps.volumes.prepare(pod).catch((error: unknown) => {
      if (error instanceof Error && error.cause instanceof AttachLimitError) throw new PodRejectedError('VolumeAttachmentLimitExceeded', `Pod was rejected: ${error.cause.message}`, { cause: error });
      if (error instanceof Error && error.cause instanceof FileSystemMismatchError) this.deps.events.pod(pod, 'Warning', 'FailedMountOnFilesystemMismatch', errorText(error.cause));
      this.deps.events.pod(pod, 'Warning', 'FailedMount', errorText(error));
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
      const handler = await this.#handler(pod);
      if (pod.spec?.hostUsers === false && !this.deps.node().userNamespaces.has(handler)) throw new Error(userNamespacesUnsupported);
      await mkdir(directories.podLogs(namespaceOf(pod), nameOf(pod), uidOf(pod)), { recursive: true, mode: 0o755 });
      const id = await runtime.runPodSandbox(await this.#sandboxConfig(pod, attempt, true), handler);
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
  async startContainer(pod: corev1.Pod, container: corev1.Container, attempt: number, sandbox: SandboxView, image: PresentImage, view: RuntimeView, signal: AbortSignal): Promise<ContainerView | undefined> {
    const { runtime, events } = this.deps;
    const say = (type: 'Normal' | 'Warning', reason: string, message: string): void => events.pod(pod, type, reason, message, container.name);
    const failed = (reason: ContainerStartError['reason'], error: unknown): ContainerStartError => {
      say('Warning', 'Failed', `Error: ${errorText(error)}`);
      return new ContainerStartError(reason, errorText(error), { cause: error });
    };
    const sandboxConfiguration = await this.#sandboxConfig(pod, sandbox.attempt, false);
    const config = await this.#containerConfig(pod, container, attempt, sandbox, image, view).catch((error: unknown) => {
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
    if (container.lifecycle?.postStart) await this.#hooks.postStart({ pod, container, containerId: id, podIP: this.#podIP(sandbox) }, container.lifecycle.postStart, signal);
    return observeContainer(runtime, id, sandbox.id);
  }

  /** Runs the preStop hook, waits for the container's turn and stops it, all by the deadline (but never without a moment's grace). */
  async killContainer(pod: corev1.Pod, container: ContainerView, { message, deadlineMs, withoutHook, turn }: KillOrder, sandbox: SandboxView | undefined, signal: AbortSignal): Promise<ContainerView | undefined> {
    const { runtime, events, clock } = this.deps;
    events.pod(pod, 'Normal', 'Killing', message, container.name);
    const spec = findContainer(pod, container.name);
    const preStop = spec?.lifecycle?.preStop;
    if (spec && preStop && !withoutHook && container.state === 'running' && deadlineMs > clock.now()) {
      await this.#hooks.preStop({ pod, container: spec, containerId: container.id, podIP: sandbox ? this.#podIP(sandbox) : '' }, preStop, deadlineMs, signal);
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
    await this.deps.runtime.updateContainerResources(containerId, this.#resources(pod, container));
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

  /** The runtime's name for how the pod is to run; empty for its default. */
  async #handler({ spec }: corev1.Pod): Promise<string> {
    return spec?.runtimeClassName ? this.deps.runtimeHandler(spec.runtimeClassName) : '';
  }

  async #sandboxConfig(pod: corev1.Pod, attempt: number, isNew: boolean): Promise<runtimev1.PodSandboxConfig> {
    const { directories, cgroups, events } = this.deps;
    const node = this.deps.node();
    const { settings, fellBack, omissions } = podDns(pod, node.dns);
    if (fellBack && isNew) {
      events.pod(pod, 'Warning', 'MissingClusterDNS', `pod: "${nameOf(pod)}_${namespaceOf(pod)}(${uidOf(pod)})". kubelet does not have ClusterDNS IP configured and cannot create Pod using "${pod.spec?.dnsPolicy ?? 'ClusterFirst'}" policy. Falling back to "Default" policy.`);
    }
    if (isNew) for (const omission of omissions) events.pod(pod, 'Warning', 'DNSConfigForming', omission);
    const users = await this.deps.users.of(pod);
    return sandboxConfig({
      pod, attempt, dns: settings,
      hostname: kernelHostname(pod, node.dns.clusterDomain),
      logDirectory: directories.podLogs(namespaceOf(pod), nameOf(pod), uidOf(pod)),
      cgroupParent: await cgroups.ensurePod(pod),
      seccompRoot: directories.seccomp,
      resources: sandboxResources(pod, node),
      ...(users ? { users } : {}),
      groups: this.deps.volumes.groups(uidOf(pod)),
    });
  }

  async #containerConfig(pod: corev1.Pod, container: corev1.Container, attempt: number, sandbox: SandboxView, image: PresentImage, view: RuntimeView): Promise<runtimev1.ContainerConfig> {
    const node = this.deps.node();
    const podIPs = sandbox.hostNetwork ? node.hostIPs : sandbox.ips;
    const environment = await makeEnvironment({
      pod, container, services: serviceEnvironment(pod, this.deps.services(pod)), addresses: { podIPs, hostIPs: node.hostIPs }, allocatable: node.allocatable, data: this.deps.data,
      file: (volumeName, path) => this.deps.volumes.readFile(pod, volumeName, path),
    });
    const mounts = await this.deps.volumes.mounts(pod, container, environment, node.recursiveReadOnlyMounts.has(await this.#handler(pod)));
    mounts.push(...await ownMounts({ pod, container, attempt, podIPs, clusterDomain: node.dns.clusterDomain, directories: this.deps.directories, mounts }));
    const given = await this.deps.devices.settingsOf(pod, container.name);
    for (const [name, value] of Object.entries(given.envs)) if (!environment.has(name)) environment.set(name, value);
    mounts.push(...given.mounts.map(({ containerPath, hostPath, readOnly }) => runtimev1.Mount.fromPartial({ containerPath, hostPath, readonly: readOnly })));
    const users = await this.deps.users.of(pod);
    const mapped = users ? mounts.map((mount) => ({ ...mount, uidMappings: users.uids, gidMappings: users.gids })) : mounts;
    const target = pod.spec?.ephemeralContainers?.find(({ name }) => name === container.name)?.targetContainerName;
    const targetId = target ? latestContainer(view, target, sandbox.id)?.id : undefined;
    if (target && targetId === undefined) throw new ContainerConfigError(`unable to find target container ${target}`);
    return containerConfig({
      pod, container, attempt, imageRef: image.imageRef, environment, mounts: mapped, devices: [...this.deps.volumes.devices(pod, container), ...given.devices], annotations: given.annotations,
      cdiDevices: [...this.deps.claims.devicesFor(pod, container), ...given.cdiDevices],
      resources: this.#resources(pod, container),
      securityContext: containerSecurityContext(pod, container, image, { root: this.deps.directories.seccomp, byDefault: this.deps.node().seccompDefault }, { targetId, users, groups: this.deps.volumes.groups(uidOf(pod)) }),
    });
  }

  #resources(pod: corev1.Pod, container: corev1.Container): runtimev1.LinuxContainerResources {
    const node = this.deps.node();
    return this.deps.placement.place(pod, container, withSwap(containerResources(pod, container, node), pod, container, node));
  }

  #podIP(sandbox: SandboxView): string {
    return (sandbox.hostNetwork ? this.deps.node().hostIPs[0] : sandbox.ips[0]) ?? '';
  }
}

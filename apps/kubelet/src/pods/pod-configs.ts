import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { type PodCgroups } from '../cgroups/pod-cgroups';
import { ContainerConfigError } from '../containers/config-error';
import { containerConfig } from '../containers/container-config';
import { containerResources } from '../containers/container-resources';
import { withSwap } from '../containers/container-swap';
import { podDns } from '../containers/dns-config';
import { makeEnvironment, type ReferencedData } from '../containers/environment';
import { kernelHostname } from '../containers/hosts-file';
import { ownMounts } from '../containers/own-mounts';
import { sandboxConfig } from '../containers/sandbox-config';
import { sandboxResources } from '../containers/sandbox-resources';
import { containerSecurityContext } from '../containers/security-context';
import { serviceEnvironment } from '../containers/service-environment';
import { type DevicePlugins } from '../devices/device-plugins';
import { type ResourceClaims } from '../dra/resource-claims';
import { type UserNamespaces } from '../containers/user-namespaces';
import { type EventSink } from '../events/event-sink';
import { type PresentImage } from '../images/image-puller';
import { type PodDirectories } from '../volumes/pod-directories';
import { type PodVolumes } from '../volumes/pod-volumes';
import { type NodeSurroundings } from './node-surroundings';
import { nameOf, namespaceOf, uidOf } from './pod-spec';
import { type PodPlacement } from '../topology/pod-placement';
import { latestContainer, type RuntimeView, type SandboxView } from './runtime-view';

/** What that is made of. */
export interface PodConfigsDeps {
  readonly volumes: Pick<PodVolumes, 'mounts' | 'devices' | 'groups' | 'readFile'>;
  readonly directories: PodDirectories;
  readonly cgroups: Pick<PodCgroups, 'ensurePod'>;
  readonly events: EventSink;
  readonly data: ReferencedData;
  readonly users: UserNamespaces;
  readonly devices: Pick<DevicePlugins, 'settingsOf'>;
  readonly claims: Pick<ResourceClaims, 'devicesFor'>;
  readonly placement: PodPlacement;
  readonly node: () => NodeSurroundings;
  /** All services known; throws while they have not been read once, which only a static pod does not wait for. */
  readonly services: (pod: corev1.Pod) => readonly corev1.Service[];
  /** The runtime's name for a RuntimeClass. */
  readonly runtimeHandler: (runtimeClassName: string) => Promise<string>;
}

/** What the runtime is told of a pod and its containers. */
export class PodConfigs {
  constructor(private readonly deps: PodConfigsDeps) {}

  /** The runtime's name for how the pod is to run; empty for its default. */
  async handler({ spec }: corev1.Pod): Promise<string> {
    return spec?.runtimeClassName ? this.deps.runtimeHandler(spec.runtimeClassName) : '';
  }

  /** `held`: the pod with all that it has or is to have; without it the sandbox is about to be made, and what is not as the pod asks is told. */
  async sandbox(pod: corev1.Pod, attempt: number, held?: corev1.Pod): Promise<runtimev1.PodSandboxConfig> {
    const isNew = held === undefined;
    const { directories, cgroups, events } = this.deps;
    const node = this.deps.node();
    const { settings, fellBack, omissions } = podDns(pod, node.dns);
    if (fellBack && isNew) {
      events.pod(
        pod,
        'Warning',
        'MissingClusterDNS',
        `pod: "${nameOf(pod)}_${namespaceOf(pod)}(${uidOf(pod)})". kubelet does not have ClusterDNS IP configured and cannot create Pod using "${pod.spec?.dnsPolicy ?? 'ClusterFirst'}" policy. Falling back to "Default" policy.`,
      );
    }
    if (isNew) for (const omission of omissions) events.pod(pod, 'Warning', 'DNSConfigForming', omission);
    const users = await this.deps.users.of(pod);
    return sandboxConfig({
      pod, attempt, dns: settings,
      hostname: kernelHostname(pod, node.dns.clusterDomain),
      logDirectory: directories.podLogs(namespaceOf(pod), nameOf(pod), uidOf(pod)),
      cgroupParent: await cgroups.ensurePod(pod, held),
      seccompRoot: directories.seccomp,
      resources: sandboxResources(pod, node),
      ...(users ? { users } : {}),
      groups: this.deps.volumes.groups(uidOf(pod)),
    });
  }

  /** Throws ContainerConfigError. */
  async container(pod: corev1.Pod, container: corev1.Container, attempt: number, sandbox: SandboxView, image: PresentImage, view: RuntimeView): Promise<runtimev1.ContainerConfig> {
    const node = this.deps.node();
    const podIPs = sandbox.hostNetwork ? node.hostIPs : sandbox.ips;
    const environment = await makeEnvironment({
      pod, container, services: serviceEnvironment(pod, this.deps.services(pod)), addresses: { podIPs, hostIPs: node.hostIPs }, allocatable: node.allocatable, data: this.deps.data,
      file: (volumeName, path) => this.deps.volumes.readFile(pod, volumeName, path),
    });
    const mounts = await this.deps.volumes.mounts(pod, container, environment, node.recursiveReadOnlyMounts.has(await this.handler(pod)));
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
      pod,
      container,
      attempt,
      imageRef: image.imageRef,
      environment,
      mounts: mapped,
      devices: [...this.deps.volumes.devices(pod, container), ...given.devices],
      annotations: given.annotations,
      cdiDevices: [...this.deps.claims.devicesFor(pod, container), ...given.cdiDevices],
      resources: this.resources(pod, container),
      securityContext: containerSecurityContext(
        pod,
        container,
        image,
        { root: this.deps.directories.seccomp, byDefault: this.deps.node().seccompDefault },
        { targetId, users, groups: this.deps.volumes.groups(uidOf(pod)) },
      ),
    });
  }

  /** What a container may use, of which processors and memory. */
  resources(pod: corev1.Pod, container: corev1.Container): runtimev1.LinuxContainerResources {
    const node = this.deps.node();
    return this.deps.placement.place(pod, container, withSwap(containerResources(pod, container, node), pod, container, node));
  }

  /** Where a pod is asked by its kubelet. */
  podIP(sandbox: SandboxView): string {
    return (sandbox.hostNetwork ? this.deps.node().hostIPs[0] : sandbox.ips[0]) ?? '';
  }
}

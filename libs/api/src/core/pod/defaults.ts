import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { defaultContainer, defaultRequestsFromLimits } from './container-defaults';
import { defaultPodLevelResources } from './pod-level-resources';
import { defaultVolume } from './volume-defaults';

/** Two names of one field: the older is shown as long as there are clients that read it. */
export function aliasServiceAccount(spec: Loose<corev1.PodSpec>): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

/** Defaults that pods and pod templates share. */
export function defaultPodSpec(spec: Loose<corev1.PodSpec>): void {
  aliasServiceAccount(spec);
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  for (const volume of list(spec.volumes)) defaultVolume(volume);
  for (const container of list(spec.initContainers)) defaultContainer(container);
  for (const container of list(spec.containers)) defaultContainer(container);
  for (const container of list(spec.ephemeralContainers)) defaultContainer(container);
}

/** Defaults of the template in a workload. */
export function defaultPodTemplate(template: Loose<corev1.PodTemplateSpec> | undefined): void {
  if (!template) return;
  template.metadata ??= {};
  template.spec ??= {};
  defaultPodSpec(template.spec);
}

/** On the host's network a container port is the host's port. */
function defaultHostPorts(containers: readonly Loose<corev1.Container>[] | undefined): void {
  for (const { ports } of list(containers)) for (const port of list(ports)) if (!port.hostPort && port.containerPort) port.hostPort = port.containerPort;
}

/** A list of addresses and its first, under an older name: where they differ, the older counts. Of the host's addresses that is for validation to tell. */
function alignPodIps(status: Loose<corev1.PodStatus>): void {
  const first = list(status.podIPs)[0]?.ip;
  const { podIP } = status;
  if (podIP && podIP !== first) status.podIPs = [{ ip: podIP }];
  else if (first && !podIP) status.podIP = first;
}

/** Defaults of a Pod. The service account is set by admission. */
export function defaultPod(pod: Loose<corev1.Pod>): void {
  const spec = (pod.spec ??= {});
  const status = (pod.status ??= {});
  alignPodIps(status);
  defaultPodSpec(spec);
  // Of pods only, not of templates (upstream's conversion of core/v1).
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  for (const container of [...list(spec.initContainers), ...list(spec.containers)]) defaultRequestsFromLimits(container);
  defaultPodLevelResources(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) {
    defaultHostPorts(spec.containers);
    defaultHostPorts(spec.initContainers);
  }
}

export function defaultPodTemplateObject(object: Loose<corev1.PodTemplate>): void {
  defaultPodTemplate((object.template ??= {}));
}

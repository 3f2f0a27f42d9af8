import { type DevicePlugins } from '../devices/device-plugins';
import { type Evictor } from '../eviction/evictor';
import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { type NodeParts } from '../node/make-node';
import { roomForPod } from '../preemption/room-for-pod';
import { type PodPlacement } from '../topology/pod-placement';
import { admitNode } from './admit-node';
import { admitPlatform, inspectPlatform } from './admit-platform';
import { admitPorts } from './admit-pod';
import { admitSysctls } from './admit-sysctls';
import { admissionOf, type AdmissionCheck } from './pod-admission';
import { type PodWorker } from './pod-worker';

export interface AdmissionNeighbours extends Pick<NodeParts, 'node' | 'registration' | 'runtimeState'> {
  readonly evictor: Pick<Evictor, 'admit'>;
  readonly devices: Pick<DevicePlugins, 'amounts'>;
  readonly placement: Pick<PodPlacement, 'admit'>;
  readonly worker: (uid: string) => PodWorker | undefined;
}

/** What is asked of a pod that is new here, in upstream's order. */
export function makeAdmission(
  { allowedUnsafeSysctls }: KubeletOptions,
  { events, metrics }: KubeletDeps,
  { node, registration, runtimeState, evictor, devices, placement, worker }: AdmissionNeighbours,
): AdmissionCheck {
  const platform = inspectPlatform();
  return admissionOf([
    () => (node.shuttingDown ? { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' } : undefined),
    (pod) => admitPlatform(pod, platform, runtimeState.features),
    (pod) => evictor.admit(pod),
    (pod) => admitSysctls(pod, allowedUnsafeSysctls),
    roomForPod({
      events,
      metrics,
      worker,
      allocatable: () => ({ ...node.allocatable, ...devices.amounts.allocatable }),
      otherReasons: admissionOf([(pod) => admitNode(pod, registration.admitting), admitPorts]),
    }),
    (pod) => placement.admit(pod),
  ]);
}

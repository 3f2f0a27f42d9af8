import { core, policy, resource, scheduling, storage, type corev1, type resourcev1beta2, type ResourceType } from '@navarch/api';
import type { Informer, InformerFactory } from '@navarch/client';
import { noObjects, type ClusterObjects, type Lookup } from '@navarch/scheduling';

type Informers = { readonly [Name in keyof ClusterObjects]: ClusterObjects[Name] extends Lookup<infer T> ? (T extends object ? Informer<T & { metadata: corev1.Pod['metadata'] }> : never) : never };

/** The caches that the scheduler keeps. */
export interface SchedulerInformers {
  readonly pods: Informer<corev1.Pod>;
  readonly nodes: Informer<corev1.Node>;
  readonly namespaces: Informer<corev1.Namespace>;
  /** PodGroups and DeviceTaintRules are followed only where they are served. */
  readonly objects: Omit<Informers, 'podGroups' | 'deviceTaintRules'> & Partial<Pick<Informers, 'podGroups' | 'deviceTaintRules'>>;
}

export interface InformerChoice {
  /** Follow scheduling.k8s.io PodGroups, which not every server serves. */
  readonly podGroups: boolean;
  /** Follow DeviceTaintRules, by the version of them that is served. */
  readonly deviceTaintRules?: ResourceType<resourcev1beta2.DeviceTaintRule> | undefined;
}

export function schedulerInformers(factory: InformerFactory, { podGroups, deviceTaintRules }: InformerChoice): SchedulerInformers {
  return {
    pods: factory.informer(core.pods), nodes: factory.informer(core.nodes), namespaces: factory.informer(core.namespaces),
    objects: {
      services: factory.informer(core.services), budgets: factory.informer(policy.poddisruptionbudgets), claims: factory.informer(core.persistentvolumeclaims),
      volumes: factory.informer(core.persistentvolumes), storageClasses: factory.informer(storage.storageclasses), csiNodes: factory.informer(storage.csinodes),
      csiDrivers: factory.informer(storage.csidrivers), storageCapacities: factory.informer(storage.csistoragecapacities), volumeAttachments: factory.informer(storage.volumeattachments), resourceClaims: factory.informer(resource.resourceclaims),
      deviceClasses: factory.informer(resource.deviceclasses), resourceSlices: factory.informer(resource.resourceslices),
      ...(deviceTaintRules === undefined ? {} : { deviceTaintRules: factory.informer(deviceTaintRules) }),
      ...(podGroups ? { podGroups: factory.informer(scheduling.podgroups) } : {}),
    },
  };
}

/** What plug-ins look up. */
export function objectsOf({ objects }: SchedulerInformers): ClusterObjects {
  return { ...noObjects, ...objects };
}

export function allInformers({ pods, nodes, namespaces, objects }: SchedulerInformers): readonly Pick<Informer<never>, 'waitForSync'>[] {
  return [pods, nodes, namespaces, ...Object.values(objects)];
}

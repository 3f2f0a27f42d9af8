import { apps, core, type appsv1, type autoscalingv1, type corev1, type KubeObject, type metav1 } from '@navarch/api';
import { formatGroupResource, goQuote, isNotFound } from '@navarch/apimachinery';
import { controllerNamed, controllerOf, type ObjectApi, type ObjectSource } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { byController } from '../../indexes';
import { ResourceTypes, type AnyResource } from '../../resource-types';

type Sized = KubeObject & { readonly spec?: { readonly replicas?: number } };

interface Size {
  readonly uid: string;
  readonly replicas: number;
}

export interface ScaleOfPods {
  readonly scale: number;
  /** Pods that nobody controls: their number cannot be told. */
  readonly unmanaged: readonly corev1.Pod[];
}

/** How many pods the owners of pods want: of Deployments, ReplicaSets, StatefulSets, ReplicationControllers, and of whatever has a `scale`. */
export class OwnerScales {
  readonly replicaSets: ObjectSource<appsv1.ReplicaSet>;
  readonly deployments: ObjectSource<appsv1.Deployment>;
  readonly statefulSets: ObjectSource<appsv1.StatefulSet>;
  readonly replicationControllers: ObjectSource<corev1.ReplicationController>;
  readonly types: ResourceTypes;
  readonly #api: ObjectApi;

  constructor({ api, sources }: ControllerContext) {
    this.#api = api;
    this.replicaSets = sources.informer(apps.replicasets, { indexes: byController });
    this.deployments = sources.informer(apps.deployments);
    this.statefulSets = sources.informer(apps.statefulsets);
    this.replicationControllers = sources.informer(core.replicationcontrollers);
    this.types = new ResourceTypes(sources);
  }

  async of(pods: readonly corev1.Pod[], signal: AbortSignal): Promise<ScaleOfPods> {
    const unmanaged: corev1.Pod[] = [];
    const scales = new Map<string, number>();
    const seen = new Set<string>();
    for (const pod of pods) {
      const reference = controllerOf(pod);
      if (reference === undefined) unmanaged.push(pod);
      else if (!seen.has(reference.uid)) {
        seen.add(reference.uid);
        const owner = await this.#ownerOf(pod, reference, signal);
        if (owner === undefined) throw new Error(`found no controllers for pod ${goQuote(pod.metadata.name ?? '')}`);
        scales.set(owner.uid, owner.replicas);
      }
    }
    return { scale: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged };
  }

  /** The ReplicaSets of one Deployment count once, by the Deployment. */
  async #ownerOf(pod: corev1.Pod, reference: metav1.OwnerReference, signal: AbortSignal): Promise<Size | undefined> {
    const key = { namespace: pod.metadata.namespace ?? '', name: reference.name };
    const isThis = (object: Sized | undefined): object is Sized => object?.metadata.uid === reference.uid;
    const replicaSet = controllerNamed(pod, apps.replicasets) && this.replicaSets.get(key);
    if (isThis(replicaSet)) {
      const above = controllerNamed(replicaSet, apps.deployments);
      const deployment = above && this.deployments.get({ namespace: key.namespace, name: above.name });
      return deployment?.metadata.uid === above?.uid && deployment !== undefined ? sizeOf(deployment) : sizeOf(replicaSet);
    }
    const statefulSet = controllerNamed(pod, apps.statefulsets) && this.statefulSets.get(key);
    if (isThis(statefulSet)) return sizeOf(statefulSet);
    const replicationController = controllerNamed(pod, core.replicationcontrollers) && this.replicationControllers.get(key);
    if (isThis(replicationController)) return sizeOf(replicationController);
    return this.#byScale(key, reference, signal);
  }

  /** Undefined when the owner is gone. @throws for a kind without a size, such as a Job's */
  async #byScale(key: { namespace: string; name: string }, { apiVersion, kind, uid }: metav1.OwnerReference, signal: AbortSignal): Promise<Size | undefined> {
    const type = this.types.ofKind(apiVersion, kind);
    if (type === undefined) throw new Error(`no matches for kind ${goQuote(kind)} in version ${goQuote(apiVersion)}`);
    try {
      const scale: autoscalingv1.Scale = await this.#api.get(type, key, { subresource: 'scale', signal });
      return scale.metadata.uid === uid || scale.metadata.uid === undefined ? { uid, replicas: scale.spec?.replicas ?? 0 } : undefined;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (!this.#hasScale(type)) throw new Error(`${formatGroupResource(type)} does not implement the scale subresource`, { cause: error });
      return undefined;
    }
  }

  #hasScale({ group, resource }: AnyResource): boolean {
    const builtIn = [this.replicaSets, this.deployments, this.statefulSets, this.replicationControllers];
    if (builtIn.some(({ type }) => type.group === group && type.resource === resource)) return true;
    return this.types.definitions.list().some(({ spec }) => spec.group === group && spec.names.plural === resource && spec.versions.some(({ served, subresources }) => served && subresources?.scale !== undefined));
  }
}

function sizeOf({ metadata, spec }: Sized): Size {
  return { uid: metadata.uid ?? '', replicas: spec?.replicas ?? 1 };
}

import { apiVersionOf, core, type corev1, type KubeObject, type ResourceType } from '@navarch/api';
import { isNotFound, statusCause } from '@navarch/apimachinery';
import { keyOfObject, type EventRecorder, type ObjectApi } from '@navarch/reconcile';
import { messageOf } from '../errors';

/** The object with its kind, which lists and watches leave out: what an event is about. */
export function aboutObject<T extends KubeObject>(type: ResourceType<T>, object: T): T {
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
}

/** Makes and removes the pods of an owner, and tells of it in the words of upstream's RealPodControl. */
export class PodControl {
  readonly #api: ObjectApi;
  readonly #events: EventRecorder;

  constructor(api: ObjectApi, events: EventRecorder) {
    this.#api = api;
    this.#events = events;
  }

  /** The pod that was made; undefined where nothing can be made any more, nor needs to be. */
  async create(about: KubeObject, pod: corev1.Pod, signal: AbortSignal): Promise<corev1.Pod | undefined> {
    try {
      const created = await this.#api.create(core.pods, pod, { signal });
      this.#events.event(about, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name ?? ''}`);
      return created;
    } catch (error) {
      if (statusCause(error, 'NamespaceTerminating') !== undefined) return undefined;
      this.#events.event(about, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
      throw error;
    }
  }

  /** Removes this very pod; one that is gone already is no failure. */
  async remove(about: KubeObject, pod: corev1.Pod, signal: AbortSignal): Promise<void> {
    const { uid, name = '' } = pod.metadata;
    try {
      await this.#api.delete(core.pods, keyOfObject(pod), { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) });
      this.#events.event(about, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      if (isNotFound(error)) return;
      this.#events.event(about, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
      throw error;
    }
  }
}

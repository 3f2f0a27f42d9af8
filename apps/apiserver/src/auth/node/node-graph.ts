import { core, type corev1 } from '@navarch/api';
import type { ObjectReader } from '../../pipeline';
import { podReferences } from './pod-references';

/** Which objects each node's pods refer to, kept level with the cache. */
export class NodeGraph {
  /** node -> `<namespace>/<resource>/<name>` -> uids of the pods that refer to it */
  readonly #references = new Map<string, Map<string, Set<string>>>();
  /** pod uid -> node and what it was counted for */
  readonly #pods = new Map<string, { node: string; keys: string[] }>();

  constructor(private readonly reader: ObjectReader) {
    reader.onChange(core.pods, (change) => (change.type === 'put' ? this.#put(change.object) : this.#remove(change.object)));
    for (const pod of reader.list(core.pods)) this.#put(pod);
  }

  #put(pod: corev1.Pod): void {
    const uid = pod.metadata.uid;
    const node = pod.spec?.nodeName;
    if (uid === undefined || node === undefined || node === '') return;
    this.#remove(pod);
    const namespace = pod.metadata.namespace ?? '';
    const keys = [...podReferences(pod)].map((reference) => `${namespace}/${reference}`);
    this.#pods.set(uid, { node, keys });
    const references = this.#references.get(node) ?? new Map<string, Set<string>>();
    this.#references.set(node, references);
    for (const key of keys) {
      const uids = references.get(key) ?? new Set<string>();
      references.set(key, uids.add(uid));
    }
  }

  #remove(pod: corev1.Pod): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.#pods.get(uid);
    if (known === undefined) return;
    this.#pods.delete(uid);
    const references = this.#references.get(known.node);
    for (const key of known.keys) {
      const uids = references?.get(key);
      uids?.delete(uid);
      if (uids?.size === 0) references?.delete(key);
    }
    if (references?.size === 0) this.#references.delete(known.node);
  }

  /** True if a pod on the node refers to the object, directly or (for volumes) through its claim. */
  refersTo(node: string, namespace: string, resource: string, name: string): boolean {
    const references = this.#references.get(node);
    if (references === undefined) return false;
    if (resource === 'persistentvolumes') {
      const claim = this.reader.get(core.persistentvolumes, '', name)?.spec?.claimRef;
      return claim !== undefined && references.has(`${claim.namespace ?? ''}/persistentvolumeclaims/${claim.name ?? ''}`);
    }
    return references.has(`${namespace}/${resource}/${name}`);
  }

  /** True if the pod is one of the node's. */
  hosts(node: string, podUid: string): boolean {
    return this.#pods.get(podUid)?.node === node;
  }
}

import { core, type corev1 } from '@navarch/api';
import type { ObjectReader } from '../../pipeline';
import { podReferences, volumeSecrets } from './pod-references';

export const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Which objects each node's pods refer to, kept level with the cache. */
export class NodeGraph {
  /** node -> `<namespace>/<resource>/<name>` -> uids of the pods that refer to it */
  readonly #references = new Map<string, Map<string, Set<string>>>();
  /** pod uid -> node and what it was counted for */
  readonly #pods = new Map<string, { readonly node: string; readonly keys: readonly string[] }>();
  /** `<namespace>/<secret>` -> names of the volumes that need it */
  readonly #volumesOfSecret = new Map<string, Set<string>>();
  /** volume -> what it was counted for */
  readonly #secretsOfVolume = new Map<string, readonly string[]>();

  constructor(private readonly reader: ObjectReader) {
    reader.onChange(core.pods, (change) => {
      if (change.type === 'delete') this.#removePod(change.uid);
      // Of a pod that is on no node not even the object is made.
      else if (change.node !== undefined) this.#putPod(change.object);
    });
    reader.onChange(core.persistentvolumes, (change) => this.#changeVolume(change.object, change.type === 'put'));
    for (const pod of reader.list(core.pods)) this.#putPod(pod);
    for (const volume of reader.list(core.persistentvolumes)) this.#changeVolume(volume, true);
  }

  #putPod(pod: corev1.Pod): void {
    const uid = pod.metadata.uid;
    const node = pod.spec?.nodeName;
    if (uid === undefined || node === undefined || node === '') return;
    this.#removePod(uid);
    const { namespace = '', name = '', annotations } = pod.metadata;
    const keys = [`${namespace}/pods/${name}`];
    // A node makes mirror pods itself: they must never be a way to other objects.
    if (annotations?.[mirrorAnnotation] === undefined) for (const reference of podReferences(pod)) keys.push(`${namespace}/${reference}`);
    this.#pods.set(uid, { node, keys });
    const references = this.#references.get(node) ?? new Map<string, Set<string>>();
    this.#references.set(node, references);
    for (const key of keys) references.set(key, (references.get(key) ?? new Set<string>()).add(uid));
  }

  #removePod(uid: string): void {
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

  #changeVolume(volume: corev1.PersistentVolume, exists: boolean): void {
    const name = volume.metadata.name ?? '';
    for (const secret of this.#secretsOfVolume.get(name) ?? []) {
      const volumes = this.#volumesOfSecret.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#volumesOfSecret.delete(secret);
    }
    this.#secretsOfVolume.delete(name);
    const secrets = exists ? volumeSecrets(volume) : [];
    if (secrets.length > 0) this.#secretsOfVolume.set(name, secrets);
    for (const secret of secrets) this.#volumesOfSecret.set(secret, (this.#volumesOfSecret.get(secret) ?? new Set<string>()).add(name));
  }

  /** True if a pod on the node is the object or refers to it: directly, or through the volume of its claim. */
  refersTo(node: string, namespace: string, resource: string, name: string): boolean {
    const references = this.#references.get(node);
    if (references === undefined) return false;
    if (resource === 'persistentvolumes') return this.#mounts(references, name);
    if (references.has(`${namespace}/${resource}/${name}`)) return true;
    if (resource === 'secrets') for (const volume of this.#volumesOfSecret.get(`${namespace}/${name}`) ?? []) if (this.#mounts(references, volume)) return true;
    return false;
  }

  #mounts(references: ReadonlyMap<string, unknown>, volume: string): boolean {
    const claim = this.reader.get(core.persistentvolumes, '', volume)?.spec?.claimRef;
    return claim !== undefined && references.has(`${claim.namespace ?? ''}/persistentvolumeclaims/${claim.name ?? ''}`);
  }
}

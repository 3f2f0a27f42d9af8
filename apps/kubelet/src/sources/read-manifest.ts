import { createHash } from 'node:crypto';
import { defaultsFor, type corev1 } from '@navarch/api';
import { decodeYaml, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import { configSourceAnnotation } from '../pods/pod-spec';

/** What a static pod is known by, and what its mirror in the API carries. */
const configHashAnnotation = 'kubernetes.io/config.hash';
const configSeenAnnotation = 'kubernetes.io/config.seen';
const configMirrorAnnotation = 'kubernetes.io/config.mirror';

export interface ManifestOrigin {
  readonly source: 'file' | 'http';
  /** Path or address the manifest came from: the same pod from elsewhere is another pod. */
  readonly location: string;
  readonly nodeName: string;
  readonly seenAt: string;
}

/**
 * The pods of a manifest in YAML or JSON: one Pod, or a list of them. Each gets what makes it this node's own: the
 * node's name behind its own, a uid that follows from its content, a toleration of every NoExecute taint. Throws an
 * Error that says what is wrong.
 */
export function readManifest(body: Uint8Array, origin: ManifestOrigin): corev1.Pod[] {
  const { value } = decodeYaml(body);
  if (!isObject(value)) throw new Error('manifest holds no object');
  const kind = value['kind'];
  if (value['apiVersion'] !== 'v1' || (kind !== 'Pod' && kind !== 'PodList' && kind !== 'List')) {
    throw new Error(`invalid pod: ${JSON.stringify(value['apiVersion'] ?? '')} ${JSON.stringify(kind ?? '')} is not a Pod or a list of them`);
  }
  if (kind === 'Pod') return [staticPod(value, origin)];
  const { items } = value;
  return Array.isArray(items) ? items.map((item) => {
    if (!isObject(item)) throw new Error('manifest lists what is not a Pod');
    return staticPod(item, origin);
  }) : [];
}

function staticPod(given: JsonObject, { source, location, nodeName, seenAt }: ManifestOrigin): corev1.Pod {
  const hash = createHash('sha256').update(JSON.stringify([nodeName, source, location, given])).digest('hex').slice(0, 32);
  const read = structuredClone(given) as unknown as Partial<corev1.Pod>;
  const { metadata, spec } = read as { metadata?: corev1.Pod['metadata']; spec?: Partial<corev1.PodSpec> };
  if (!metadata?.name) throw new Error('invalid pod: metadata.name is missing');
  if (!spec?.containers?.length) throw new Error(`invalid pod ${metadata.name}: spec.containers is empty`);
  // What the API cannot give a pod that it did not make.
  if (spec.serviceAccountName) throw new Error(`static pod ${metadata.name} may not refer to a service account`);
  const pod: corev1.Pod = { ...read, metadata, spec: { ...spec, containers: spec.containers } };
  defaultsFor('', 'v1', 'Pod')?.(pod);
  const uid = metadata.uid ?? hash;
  return {
    ...pod, apiVersion: 'v1', kind: 'Pod',
    metadata: {
      ...metadata, uid, name: `${metadata.name}-${nodeName}`, namespace: metadata.namespace ?? 'default',
      annotations: { ...metadata.annotations, [configHashAnnotation]: hash, [configSourceAnnotation]: source, [configSeenAnnotation]: seenAt },
    },
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName, tolerations: [...pod.spec?.tolerations ?? [], { operator: 'Exists', effect: 'NoExecute' }] },
    status: { phase: 'Pending' },
  };
}

/** The object by which the API shows a static pod. */
export function mirrorOf(pod: corev1.Pod, node: { readonly name: string; readonly uid: string | undefined }): corev1.Pod {
  const metadata = { ...pod.metadata };
  delete metadata.uid;
  const owner = node.uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true }] };
  return { ...pod, metadata: { ...metadata, ...owner, annotations: { ...metadata.annotations, [configMirrorAnnotation]: hashOf(pod) } } };
}

export function isMirrorPod(pod: corev1.Pod): boolean {
  return pod.metadata.annotations?.[configMirrorAnnotation] !== undefined;
}

/** Whether a mirror shows this very content. */
export function mirrors(mirror: corev1.Pod, pod: corev1.Pod): boolean {
  return mirror.metadata.deletionTimestamp === undefined && mirror.metadata.annotations?.[configMirrorAnnotation] === hashOf(pod);
}

function hashOf(pod: corev1.Pod): string {
  return pod.metadata.annotations?.[configHashAnnotation] ?? '';
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

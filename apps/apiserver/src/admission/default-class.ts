import { networking, storage, type corev1, type KubeObject, type networkingv1, type ResourceType } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';

/** The newest of the classes marked as default, by name if they came together. */
function defaultOf<T extends KubeObject>(reader: ObjectReader, type: ResourceType<T>, annotations: readonly string[]): string | undefined {
  const marked = reader.list(type).filter(({ metadata }) => annotations.some((annotation) => metadata.annotations?.[annotation] === 'true'));
  marked.sort((a, b) => compareStrings(b.metadata.creationTimestamp ?? '', a.metadata.creationTimestamp ?? '') || compareStrings(a.metadata.name ?? '', b.metadata.name ?? ''));
  return marked[0]?.metadata.name;
}

const creates = ({ operation, subresource }: WriteSort): boolean => operation === 'CREATE' && subresource === '';

/** A claim that names no class gets the default one; the empty name asks for none. */
export class DefaultStorageClass implements AdmissionPlugin {
  readonly name = 'DefaultStorageClass';

  constructor(private readonly reader: ObjectReader) {}

  handles(sort: WriteSort): boolean {
    return creates(sort) && sort.group === '' && sort.resource === 'persistentvolumeclaims';
  }

  mutate({ object }: AdmissionAttributes): void {
    const { spec, metadata } = object as corev1.PersistentVolumeClaim;
    if (spec === undefined || spec.storageClassName !== undefined || metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined) return;
    const found = defaultOf(this.reader, storage.storageclasses, ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']);
    if (found !== undefined) spec.storageClassName = found;
  }
}

/** An Ingress that names no class gets the default one. */
export class DefaultIngressClass implements AdmissionPlugin {
  readonly name = 'DefaultIngressClass';

  constructor(private readonly reader: ObjectReader) {}

  handles(sort: WriteSort): boolean {
    return creates(sort) && sort.group === 'networking.k8s.io' && sort.resource === 'ingresses';
  }

  mutate({ object }: AdmissionAttributes): void {
    const ingress = object as networkingv1.Ingress;
    if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined) return;
    const found = defaultOf(this.reader, networking.ingressclasses, ['ingressclass.kubernetes.io/is-default-class']);
    if (found !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: found };
  }
}

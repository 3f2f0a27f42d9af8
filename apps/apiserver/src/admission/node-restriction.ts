import { core, type corev1 } from '@navarch/api';
import { forbidden } from '@navarch/apimachinery';
import { nodeOf } from '../auth/node/node-identity';
import { podReferences } from '../auth/node/pod-references';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../pipeline';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const restrictedLabel = /(^|\.)node-restriction\.kubernetes\.io\//;

/** A kubelet changes only its own Node and the pods bound to it. */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';

  constructor(private readonly reader: ObjectReader) {}

  handles({ user, group, resource }: AdmissionAttributes): boolean {
    if (!user.groups.includes('system:nodes')) return false;
    return (group === '' && (resource === 'pods' || resource === 'nodes' || resource === 'serviceaccounts')) || (group === 'coordination.k8s.io' && resource === 'leases');
  }

  validate(attributes: AdmissionAttributes): void {
    const node = nodeOf(attributes.user);
    const refuse = (why: string): never => {
      throw forbidden(attributes, attributes.name, why);
    };
    if (node === undefined) return refuse(`could not determine node from user "${attributes.user.name}"`);
    if (attributes.resource === 'nodes') this.#node(attributes, node, refuse);
    else if (attributes.resource === 'pods') this.#pod(attributes, node, refuse);
    else if (attributes.resource === 'serviceaccounts') this.#token(attributes, node, refuse);
    else if (attributes.namespace !== 'kube-node-lease' || (attributes.name !== '' && attributes.name !== node)) refuse(`can only access node lease with the same name as the requesting node`);
  }

  #node({ operation, name, object, oldObject }: AdmissionAttributes, node: string, refuse: (why: string) => never): void {
    const requested = operation === 'CREATE' ? (object?.metadata.name ?? name) : name;
    if (requested !== node) refuse(`node "${node}" is not allowed to modify node "${requested}"`);
    if (operation === 'DELETE') return;
    const before = oldObject?.metadata.labels ?? {};
    const after = object?.metadata.labels ?? {};
    const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => restrictedLabel.test(key) && before[key] !== after[key]);
    if (changed.length > 0) refuse(`is not allowed to modify labels: ${changed.sort().join(', ')}`);
    if (operation === 'UPDATE' && JSON.stringify((oldObject as corev1.Node | undefined)?.spec?.taints ?? []) !== JSON.stringify((object as corev1.Node).spec?.taints ?? [])) refuse(`node "${node}" is not allowed to modify taints`);
  }

  #pod(attributes: AdmissionAttributes, node: string, refuse: (why: string) => never): void {
    const { operation, subresource, object, oldObject, namespace, name } = attributes;
    if (operation === 'CREATE' && subresource === '') {
      const pod = object as corev1.Pod;
      if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) refuse(`pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`);
      if (pod.spec?.nodeName !== node) refuse(`node "${node}" can only create pods with spec.nodeName set to itself`);
      if ([...podReferences(pod)].some((reference) => !reference.startsWith('serviceaccounts/'))) refuse(`node "${node}" can not create pods that reference secrets, configmaps or persistentvolumeclaims`);
      return;
    }
    const existing = (oldObject ?? this.reader.get(core.pods, namespace, name)) as corev1.Pod | undefined;
    if (existing !== undefined && existing.spec?.nodeName !== node) refuse(`node "${node}" can only ${operation === 'DELETE' ? 'delete' : 'update status for'} pods with spec.nodeName set to itself`);
  }

  #token(attributes: AdmissionAttributes, node: string, refuse: (why: string) => never): void {
    if (attributes.subresource !== 'token') return;
    const ref = (attributes.object as { spec?: { boundObjectRef?: { kind?: string; name?: string; uid?: string } } } | undefined)?.spec?.boundObjectRef;
    if (ref?.kind !== 'Pod') return refuse('node requested token not bound to a pod');
    const pod = this.reader.get(core.pods, attributes.namespace, ref.name ?? '');
    if (pod === undefined || pod.metadata.uid !== ref.uid) return refuse('node requested token bound to a pod that does not exist or has another UID');
    if (pod.spec?.nodeName !== node) refuse('node requested token bound to a pod scheduled on a different node');
  }
}

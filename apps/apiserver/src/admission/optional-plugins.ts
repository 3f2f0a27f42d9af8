import { core, type corev1 } from '@navarch/api';
import { forbidden, isAlreadyExists, notFound } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, ObjectWriter, WriteSort } from '../pipeline';
import { refused } from './refused';

const writesPods = ({ operation, group, resource, subresource }: WriteSort): boolean =>
  (operation === 'CREATE' || operation === 'UPDATE') && group === '' && resource === 'pods' && subresource === '';

/** Admission comes before validation: a pod may still lack what it must have. */
function containersOf(spec: Partial<corev1.PodSpec> = {}): (corev1.Container | corev1.EphemeralContainer)[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

/** Lets everything through. */
export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit', handles: () => false };

/** Lets nothing through. */
export const alwaysDeny: AdmissionPlugin = {
  name: 'AlwaysDeny',
  handles: () => true,
  validate(attributes) {
    throw refused(attributes, 'admission control is denying all modifications');
  },
};

/** Nodes with special hardware are kept for pods that ask for it: those tolerate their taints. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  handles: writesPods,
  mutate({ object }) {
    const pod = object as corev1.Pod;
    if (pod.spec === undefined) return;
    const asked = new Set(containersOf(pod.spec).flatMap(({ resources }) => Object.keys(resources?.requests ?? {})));
    for (const key of [...asked].filter((name) => name.includes('/') && !name.includes('kubernetes.io/')).sort()) {
      if (pod.spec.tolerations?.some((own) => own.key === key && own.operator === 'Exists' && own.effect === 'NoSchedule') === true) continue;
      pod.spec.tolerations = [...(pod.spec.tolerations ?? []), { key, operator: 'Exists', effect: 'NoSchedule' }];
    }
  },
};

const hostname = 'kubernetes.io/hostname';

/** Nobody keeps a whole zone to himself. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  handles: writesPods,
  validate(attributes) {
    const terms = (attributes.object as corev1.Pod).spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const wide = terms.find(({ topologyKey }) => topologyKey !== hostname);
    if (wide) throw refused(attributes, `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wide.topologyKey} but only key ${hostname} is allowed`);
  },
};

/** A Service must not take over addresses of others. */
export const denyServiceExternalIPs: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  handles: ({ operation, group, resource, subresource }) => (operation === 'CREATE' || operation === 'UPDATE') && group === '' && resource === 'services' && subresource === '',
  validate(attributes) {
    const [now, before] = [attributes.object, attributes.oldObject].map((service: corev1.Service | undefined) => service?.spec?.externalIPs ?? []);
    if (now?.some((address) => before?.includes(address) !== true) === true) throw refused(attributes, 'Use of external IPs is denied by admission control');
  },
};

const inNamespace = ({ operation, namespaced, group, resource }: WriteSort): boolean =>
  namespaced && (operation === 'CREATE' || operation === 'UPDATE' || operation === 'DELETE') && !(group === '' && resource === 'namespaces');
const namesNamespace = ({ namespace }: AdmissionAttributes): boolean => namespace !== '';

/** Every write, not only those that create, needs its namespace. */
export function namespaceExists(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NamespaceExists',
    handles: inNamespace,
    applies: namesNamespace,
    async validate({ namespace }) {
      if (reader.get(core.namespaces, '', namespace) !== undefined) return;
      await reader.refresh();
      if (reader.get(core.namespaces, '', namespace) === undefined) throw notFound(core.namespaces, namespace);
    },
  };
}

/** Makes a namespace when something is to be created in it. */
export function namespaceAutoProvision(reader: ObjectReader, writer: ObjectWriter): AdmissionPlugin {
  return {
    name: 'NamespaceAutoProvision',
    handles: (sort) => sort.operation === 'CREATE' && inNamespace(sort),
    applies: namesNamespace,
    async mutate({ namespace, dryRun }) {
      if (reader.get(core.namespaces, '', namespace) !== undefined) return;
      if (dryRun) throw forbidden(core.namespaces, namespace, 'a dry run does not create its namespace');
      try {
        await writer.create(core.namespaces, { metadata: { name: namespace } });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    },
  };
}

import { core, type corev1 } from '@navarch/api';
import { forbidden, randomSuffix } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../pipeline';

const defaultAccount = 'default';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const tokenVolumePrefix = 'kube-api-access-';
export const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A bit over an hour, so that old clients that never reload meet upstream's extended expiry instead. */
const tokenSeconds = 3_607;

/** Gives pods their service account and the projected volume with its token, the CA and the namespace. */
export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: AdmissionAttributes): boolean {
    return operation === 'CREATE' && group === '' && resource === 'pods' && subresource === '';
  }

  mutate(attributes: AdmissionAttributes): void | Promise<void> {
    const pod = attributes.object as corev1.Pod;
    if (pod.spec === undefined) return;
    if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) {
      this.#checkMirror(attributes, pod.spec);
      return;
    }
    const name = pod.spec.serviceAccountName ?? '';
    pod.spec.serviceAccountName = name === '' ? defaultAccount : name;
    pod.spec.serviceAccount = pod.spec.serviceAccountName;
    const account = this.reader.get(core.serviceaccounts, attributes.namespace, pod.spec.serviceAccountName);
    if (account === undefined) return this.reader.refresh().then(() => this.#complete(attributes, pod.spec as corev1.PodSpec));
    this.#complete(attributes, pod.spec);
  }

  #complete(attributes: AdmissionAttributes, spec: corev1.PodSpec): void {
    const { namespace, name } = attributes;
    const account = this.reader.get(core.serviceaccounts, namespace, spec.serviceAccountName ?? '');
    if (account === undefined) throw forbidden(attributes, name, `error looking up service account ${namespace}/${spec.serviceAccountName ?? ''}: serviceaccount "${spec.serviceAccountName ?? ''}" not found`);
    if ((spec.imagePullSecrets?.length ?? 0) === 0 && (account.imagePullSecrets?.length ?? 0) > 0) spec.imagePullSecrets = (account.imagePullSecrets ?? []).map((secret) => ({ ...secret }));
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec);
  }

  #checkMirror(attributes: AdmissionAttributes, spec: corev1.PodSpec): void {
    if ((spec.serviceAccountName ?? '') !== '') throw forbidden(attributes, attributes.name, 'a mirror pod may not reference service accounts');
    for (const volume of spec.volumes ?? [])
      if (volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined) === true) throw forbidden(attributes, attributes.name, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}

/** Adds the token volume, and its mount to each container that has nothing at the well-known path. */
export function mountToken(spec: corev1.PodSpec): void {
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(tokenVolumePrefix) && volume.projected !== undefined);
  const volumeName = existing?.name ?? `${tokenVolumePrefix}${randomSuffix(5)}`;
  let used = false;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === tokenMountPath) === true) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name: volumeName, readOnly: true, mountPath: tokenMountPath }];
    used = true;
  }
  if (used && existing === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(volumeName)];
}

function tokenVolume(name: string): corev1.Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
}

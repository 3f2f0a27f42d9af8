import { core, type corev1 } from '@navarch/api';
import { notFound, randomSuffix } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { mirrorAnnotation } from '../auth/node/node-graph';
import { podReferences } from '../auth/node/pod-references';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';
import { refused } from './refused';
import { secretNotMountable } from './mountable-secrets';

const defaultAccount = 'default';
const tokenVolumePrefix = 'kube-api-access-';
const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** A bit over an hour: the TokenRequest knows by it that the client may never reload the token, and gives it longer. */
const tokenSeconds = 3_607;
/** A namespace's default account is made a moment after the namespace: upstream waits for it as well. */
const defaultAccountTries = 10;
const retryMs = 100;

/** Gives pods their service account and the projected volume with its token, the CA and the namespace. */
export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount';

  constructor(
    private readonly reader: ObjectReader,
    private readonly clock: Clock,
  ) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    if (group !== '' || resource !== 'pods') return false;
    return subresource === '' ? operation === 'CREATE' : subresource === 'ephemeralcontainers' && operation === 'UPDATE';
  }

  mutate(attributes: AdmissionAttributes): void | Promise<void> {
    const { spec } = attributes.object as corev1.Pod;
    if (spec === undefined || isMirror(attributes) || attributes.subresource !== '') return;
    const name = (spec.serviceAccountName ?? '') === '' ? defaultAccount : (spec.serviceAccountName ?? '');
    spec.serviceAccountName = name;
    spec.serviceAccount = name;
    const account = this.#account(attributes, name);
    if (account === undefined) return this.#await(attributes, name).then((found) => complete(spec, found));
    complete(spec, account);
  }

  validate(attributes: AdmissionAttributes): void {
    const { object, namespace } = attributes;
    const pod = object as corev1.Pod;
    if (isMirror(attributes)) {
      checkMirror(attributes, pod);
      return;
    }
    const name = pod.spec?.serviceAccountName ?? '';
    if (name === '') throw refused(attributes, `no service account specified for pod ${namespace}/${pod.metadata.name ?? ''}`);
    const account = this.#account(attributes, name);
    if (account === undefined) throw missing(attributes, name);
    const fault = secretNotMountable(account, pod);
    if (fault !== undefined) throw refused(attributes, fault);
  }

  #account({ namespace }: AdmissionAttributes, name: string): corev1.ServiceAccount | undefined {
    return this.reader.get(core.serviceaccounts, namespace, name);
  }

  async #await(attributes: AdmissionAttributes, name: string): Promise<corev1.ServiceAccount> {
    const tries = name === defaultAccount ? defaultAccountTries : 1;
    for (let count = 0; count < tries; count++) {
      if (count > 0) await this.clock.sleep(retryMs);
      await this.reader.refresh();
      const account = this.#account(attributes, name);
      if (account !== undefined) return account;
    }
    throw missing(attributes, name);
  }
}

const isMirror = ({ object }: AdmissionAttributes): boolean => object?.metadata.annotations?.[mirrorAnnotation] !== undefined;

function missing(attributes: AdmissionAttributes, name: string): Error {
  return refused(attributes, `error looking up service account ${attributes.namespace}/${name}: ${notFound({ group: '', resource: 'serviceaccount' }, name).message}`);
}

function complete(spec: corev1.PodSpec, account: corev1.ServiceAccount): void {
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec);
  const secrets = account.imagePullSecrets ?? [];
  if ((spec.imagePullSecrets?.length ?? 0) === 0 && secrets.length > 0) spec.imagePullSecrets = structuredClone(secrets);
}

/** A mirror pod shows what a node runs by itself: it must not be a way to what the node may not see. */
function checkMirror(attributes: AdmissionAttributes, pod: corev1.Pod): void {
  if ((pod.spec?.serviceAccountName ?? '') !== '') throw refused(attributes, 'a mirror pod may not reference service accounts');
  if ([...podReferences(pod)].some((reference) => reference.startsWith('secrets/'))) throw refused(attributes, 'a mirror pod may not reference secrets');
  for (const volume of pod.spec?.volumes ?? [])
    if (volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined) === true) throw refused(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
}

/** Admission comes before validation: a pod may still lack what it must have. */
function containersOf({ containers }: Partial<corev1.PodSpec>): corev1.Container[] {
  return containers ?? [];
}

/** Adds the token volume, and its mount to each container that has nothing at the well-known path. */
function mountToken(spec: corev1.PodSpec): void {
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(tokenVolumePrefix))?.name;
  const volumeName = existing ?? `${tokenVolumePrefix}${randomSuffix(5)}`;
  let used = false;
  for (const container of [...(spec.initContainers ?? []), ...containersOf(spec)]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === tokenMountPath) === true) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name: volumeName, readOnly: true, mountPath: tokenMountPath }];
    used = true;
  }
  if (used && existing === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(volumeName)];
}

/** In pieces: a literal of more than three levels is made by V8's slow path, and this one for nearly every pod. */
function tokenVolume(name: string): corev1.Volume {
  const token = { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } };
  const authority = { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } };
  const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.namespace' };
  const namespace = { downwardAPI: { items: [{ path: 'namespace', fieldRef }] } };
  return { name, projected: { defaultMode: 0o644, sources: [token, authority, namespace] } };
}

import { type corev1 } from '@navarch/api';
import { decodeSecret, type ReferencedData } from '../containers/environment';
import { errorText } from '../error-text';
import { fieldRefValue, type PodAddresses } from '../containers/field-ref';
import { resourceFieldRefValue } from '../containers/resource-field-ref';
import { containersOf, initContainersOf, namespaceOf } from '../pods/pod-spec';
import { type CertificatePlace } from '../pod-certificates/pod-certificates';
import { type CredentialBundle } from '../pod-certificates/certificate-state';
import { trustAnchors, type TrustBundles } from './trust-anchors';
import { type Payload, type PayloadFile } from './atomic-writer';

/** What the files of a volume are made from. */
export interface PayloadSources {
  readonly data: ReferencedData;
  readonly addresses: PodAddresses;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly trust: TrustBundles;
  /** A token for the pod's service account. */
  readonly token: (pod: corev1.Pod, projection: corev1.ServiceAccountTokenProjection) => Promise<string>;
  /** A certificate for the pod, and its key. */
  readonly certificate: (pod: corev1.Pod, place: CertificatePlace, projection: corev1.PodCertificateProjection) => Promise<CredentialBundle>;
}

const defaultMode = 0o644;

/** The files of a configMap, secret, downwardAPI or projected volume; undefined for any other. Throws with upstream's text. */
export async function volumePayload(pod: corev1.Pod, volume: corev1.Volume, sources: PayloadSources): Promise<Payload | undefined> {
  if (volume.configMap) return configMapFiles(pod, { ...volume.configMap }, volume.configMap.defaultMode ?? defaultMode, sources);
  if (volume.secret) {
    const { secretName, items, optional } = volume.secret;
    return secretFiles(pod, { ...(secretName === undefined ? {} : { name: secretName }), ...(items ? { items } : {}), ...(optional === undefined ? {} : { optional }) }, volume.secret.defaultMode ?? defaultMode, sources);
  }
  if (volume.downwardAPI) return downwardFiles(pod, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode ?? defaultMode, sources);
  if (volume.projected) return projectedFiles(pod, volume.name, volume.projected, sources);
  return undefined;
}

async function projectedFiles(pod: corev1.Pod, name: string, projected: corev1.ProjectedVolumeSource, sources: PayloadSources): Promise<Payload> {
  const mode = projected.defaultMode ?? defaultMode;
  const results = await Promise.allSettled((projected.sources ?? []).map((source, index) => projectionFiles(pod, source, { volume: name, source: index }, mode, sources)));
  // What two sources say alike is said once, as Go's aggregates have it.
  const failures = [...new Set(results.filter((result) => result.status === 'rejected').map(({ reason }) => errorText(reason)))];
  if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`);
  return new Map(results.flatMap((result) => (result.status === 'fulfilled' ? [...result.value] : [])));
}

async function projectionFiles(pod: corev1.Pod, source: corev1.VolumeProjection, place: CertificatePlace, mode: number, sources: PayloadSources): Promise<Payload> {
  if (source.configMap) return configMapFiles(pod, source.configMap, mode, sources);
  if (source.secret) return secretFiles(pod, source.secret, mode, sources);
  if (source.downwardAPI) return downwardFiles(pod, source.downwardAPI.items ?? [], mode, sources);
  if (source.serviceAccountToken) {
    const token = await sources.token(pod, source.serviceAccountToken);
    return new Map([[source.serviceAccountToken.path, credential(pod, token, mode)]]);
  }
  if (source.podCertificate) {
    const { credentialBundlePath, keyPath, certificateChainPath } = source.podCertificate;
    const { privateKey, certificateChain } = await sources.certificate(pod, place, source.podCertificate);
    const files = [[credentialBundlePath, privateKey + certificateChain], [keyPath, privateKey], [certificateChainPath, certificateChain]] as const;
    return new Map(files.flatMap(([path, text]): [string, PayloadFile][] => (path === undefined || path === '' ? [] : [[path, credential(pod, text, mode)]])));
  }
  if (source.clusterTrustBundle) return new Map([[source.clusterTrustBundle.path, credential(pod, await trustAnchors(source.clusterTrustBundle, sources.trust), mode)]]);
  throw new Error(`projected volume source is not supported: ${Object.keys(source).join(', ')}`);
}

/** A file that only the pod's own user may read, if it has one. */
function credential(pod: corev1.Pod, text: string, mode: number): PayloadFile {
  const uid = commonUser(pod);
  const restricted = uid !== undefined || pod.spec?.securityContext?.fsGroup !== undefined;
  return { data: Buffer.from(text), mode: restricted ? 0o600 : mode, ...(uid === undefined ? {} : { uid }) };
}

async function configMapFiles(pod: corev1.Pod, source: corev1.ConfigMapProjection, mode: number, { data }: PayloadSources): Promise<Payload> {
  const configMap = await optionally(data, source.optional, () => data.configMap(namespaceOf(pod), source.name ?? ''));
  const values = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(configMap?.data ?? {})) values.set(key, Buffer.from(text));
  for (const [key, text] of Object.entries(configMap?.binaryData ?? {})) values.set(key, Buffer.from(text, 'base64'));
  return select(values, source.items, mode, source.optional === true, 'configmap references non-existent config key');
}

async function secretFiles(pod: corev1.Pod, source: corev1.SecretProjection, mode: number, { data }: PayloadSources): Promise<Payload> {
  const secret = await optionally(data, source.optional, () => data.secret(namespaceOf(pod), source.name ?? ''));
  const values = new Map(Object.entries(secret ? decodeSecret(secret) : {}));
  return select(values, source.items, mode, source.optional === true, 'references non-existent secret key');
}

function downwardFiles(pod: corev1.Pod, items: readonly corev1.DownwardAPIVolumeFile[], mode: number, { addresses, allocatable }: PayloadSources): Payload {
  return new Map(items.map(({ path, fieldRef, resourceFieldRef, mode: own }): [string, PayloadFile] => {
    const value = fieldRef ? fieldRefValue(pod, fieldRef.fieldPath, addresses) : resourceFieldRef ? resourceFieldRefValue(pod, undefined, resourceFieldRef, allocatable) : '';
    return [path, { data: Buffer.from(value), mode: own ?? mode }];
  }));
}

function select(values: ReadonlyMap<string, Buffer>, items: readonly corev1.KeyToPath[] | undefined, mode: number, optional: boolean, missing: string): Payload {
  if (!items || items.length === 0) return new Map([...values].map(([key, data]) => [key, { data, mode }]));
  const files = new Map<string, PayloadFile>();
  for (const item of items) {
    const data = values.get(item.key);
    if (data) files.set(item.path, { data, mode: item.mode ?? mode });
    else if (!optional) throw new Error(`${missing}: ${item.key}`);
  }
  return files;
}

/** The user that all containers run as, if their specs agree on one. Ephemeral ones, which come later, change nothing. */
function commonUser(pod: corev1.Pod): number | undefined {
  const shared = pod.spec?.securityContext?.runAsUser;
  const users = new Set([...initContainersOf(pod), ...containersOf(pod)].map((container) => container.securityContext?.runAsUser ?? shared));
  return users.size === 1 ? [...users][0] : undefined;
}

async function optionally<T>(data: ReferencedData, optional: boolean | undefined, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (optional === true && data.isMissing(error)) return undefined;
    throw error;
  }
}

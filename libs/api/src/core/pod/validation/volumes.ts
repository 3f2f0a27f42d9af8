import { dns1123SubdomainMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { readQuantity } from '../../../support/quantity';
import { choice, dnsLabel, type Findings, present, sorted } from '../../../validation/rules';
import { validateTemplateObjectMeta } from '../../../validation/template-meta';
import { validateClaimSpec } from '../../persistent-volume-claim/validation';
import { validateInlineCsi } from '../../volume-sources/csi';
import { validateIscsiInterface } from '../../volume-sources/iscsi';
import { validateOneSource } from '../../volume-sources/one-source';
import { validateSharedSource } from '../../volume-sources/shared-sources';
import { descendingPath, fileMode } from './paths';
import { validateDownwardFile, validateItems, validateProjected } from './volume-files';
import { type Volumes } from './volume-mounts';

type Volume = Loose<corev1.Volume>;

/** All kinds, in the order in which upstream looks at them. */
const sourceKinds = [
  'emptyDir', 'hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi', 'glusterfs', 'flocker', 'persistentVolumeClaim', 'rbd', 'cinder', 'cephfs',
  'quobyte', 'downwardAPI', 'fc', 'flexVolume', 'configMap', 'azureFile', 'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'storageos', 'projected', 'scaleIO', 'csi',
  'ephemeral', 'image',
] as const satisfies readonly (keyof corev1.Volume)[];

type Rule<K extends keyof Volume> = (source: NonNullable<Volume[K]>, path: FieldPath, found: Findings) => void;

/** Of kinds that only pods can have. */
const rules: { readonly [K in keyof Volume]?: Rule<K> } = {
  configMap(source, path, found) {
    present(source.name, path.child('name'), found);
    fileMode(source.defaultMode, path.child('defaultMode'), found);
    validateItems(source.items, path.child('items'), found);
  },
  csi: validateInlineCsi,
  downwardAPI({ defaultMode, items }, path, found) {
    fileMode(defaultMode, path.child('defaultMode'), found);
    // As upstream has it: not by the number of the file.
    for (const file of list(items)) validateDownwardFile(file, path, found);
  },
  emptyDir({ sizeLimit }, path, found) {
    if (sizeLimit !== undefined && (readQuantity(sizeLimit)?.nanos ?? -1n) < 0n) found.push(fieldErrors.forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
  },
  ephemeral({ volumeClaimTemplate: template }, path, found) {
    const at = path.child('volumeClaimTemplate');
    if (!template) {
      found.push(fieldErrors.required(at));
      return;
    }
    validateTemplateObjectMeta(template.metadata, at.child('metadata'), found);
    validateClaimSpec(template.spec ?? {}, at.child('spec'), found);
  },
  gitRepo({ repository, directory = '' }, path, found) {
    present(repository, path.child('repository'), found);
    descendingPath(directory, path.child('directory'), found);
  },
  image({ reference, pullPolicy }, path, found) {
    present(reference, path.child('reference'), found);
    choice(pullPolicy, sorted(['Always', 'IfNotPresent', 'Never']), path.child('pullPolicy'), found);
  },
  persistentVolumeClaim({ claimName }, path, found) {
    present(claimName, path.child('claimName'), found);
  },
  projected: validateProjected,
  secret(source, path, found) {
    present(source.secretName, path.child('secretName'), found);
    fileMode(source.defaultMode, path.child('defaultMode'), found);
    validateItems(source.items, path.child('items'), found);
  },
};

function validateSource(kind: string, volume: Volume, path: FieldPath, found: Findings): void {
  const source = volume[kind as keyof Volume];
  validateSharedSource(kind, source, { kind: 'pod' }, path, found);
  (rules[kind as keyof Volume] as ((source: unknown, path: FieldPath, found: Findings) => void) | undefined)?.(source, path, found);
}

/** Names of the claims that are made with the pod, and go with it: each is named after both. */
const claimNames = (volumes: readonly Volume[], podName: string): Set<string> =>
  new Set(podName === '' ? [] : volumes.filter(({ ephemeral }) => ephemeral).map(({ name = '' }) => `${podName}-${name}`));

function validateClaimName({ name = '', ephemeral }: Volume, podName: string, path: FieldPath, found: Findings): void {
  if (!ephemeral || podName === '' || name === '') return;
  const claimName = `${podName}-${name}`;
  for (const message of dns1123SubdomainMessages(claimName)) found.push(fieldErrors.invalid(path.child('name'), name, `PVC name ${JSON.stringify(claimName)}: ${message}`));
}

/** The pod's volumes; those that are well formed can be mounted. `podName` is empty in a template. */
export function validateVolumes(volumes: readonly Volume[] | undefined, podName: string, path: FieldPath, found: Findings): Volumes {
  const usable = new Map<string, Volume>();
  const made = claimNames(list(volumes), podName);
  list(volumes).forEach((volume, i) => {
    const at = path.index(i);
    const own: Findings = [];
    validateOneSource(volume, sourceKinds, at, own, (kind, sourcePath) => {
      validateSource(kind, volume, sourcePath, own);
    });
    validateIscsiInterface(volume, at, own);
    validateClaimName(volume, podName, at, own);
    const { name = '', persistentVolumeClaim: claim } = volume;
    if (present(name, at.child('name'), own)) dnsLabel(name, at.child('name'), own);
    if (usable.has(name)) own.push(fieldErrors.duplicate(at.child('name'), name));
    if (own.length === 0) usable.set(name, volume);
    found.push(...own);
    if (claim?.claimName !== undefined && made.has(claim.claimName))
      found.push(fieldErrors.invalid(at.child('persistentVolumeClaim', 'claimName'), claim.claimName, 'must not reference a PVC that gets created for an ephemeral volume'));
  });
  return usable;
}

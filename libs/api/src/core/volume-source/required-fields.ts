import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings } from '../../validation/rules';

/** Fields without which a source says nothing; the kinds with more rules follow. */
const requiredFields: Readonly<Partial<Record<string, readonly string[]>>> = {
  awsElasticBlockStore: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  azureFile: ['secretName', 'shareName'],
  cephfs: ['monitors'],
  cinder: ['volumeID'],
  configMap: ['name'],
  csi: ['driver'],
  ephemeral: ['volumeClaimTemplate'],
  flexVolume: ['driver'],
  gcePersistentDisk: ['pdName'],
  gitRepo: ['repository'],
  glusterfs: ['endpoints', 'path'],
  iscsi: ['targetPortal', 'iqn'],
  nfs: ['server', 'path'],
  persistentVolumeClaim: ['claimName'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  quobyte: ['volume'],
  rbd: ['monitors', 'image'],
  scaleIO: ['gateway', 'system', 'volumeName'],
  secret: ['secretName'],
  storageos: ['volumeName'],
  vsphereVolume: ['volumePath'],
};

/** Adds what is missing in a source of a pod's volume or of a PersistentVolume. */
export function validateRequiredFields(kind: string, source: object, path: FieldPath, found: Findings): void {
  const fields = source as Readonly<Record<string, unknown>>;
  for (const name of requiredFields[kind] ?? []) {
    const value = fields[name];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) found.push(fieldErrors.required(path.child(name)));
  }
}

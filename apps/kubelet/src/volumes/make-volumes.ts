import { type CsiDrivers } from '../csi/csi-drivers';
import { CsiPaths } from '../csi/csi-paths';
import { CsiVolumes } from '../csi/csi-volumes';
import { type VolumeLimits } from '../csi/volume-limits';
import { type ImagePuller } from '../images/image-puller';
import { type KubeletDeps } from '../kubelet-deps';
import { type NodeIdentity } from '../node/node-object';
import { type NodeRegistration } from '../node/node-registration';
import { type ThisNode } from '../node/this-node';
import { apiTime } from '../pods/api-time';
import { type ApiReferences } from '../pods/api-references';
import { type PodCertificates } from '../pod-certificates/pod-certificates';
import { imageVolumesError } from './image-volumes';
import { type PodDirectories } from './pod-directories';
import { PodVolumes } from './pod-volumes';
import { type TokenCache } from './token-cache';
import { ApiVolumeObjects } from './volume-objects';

export interface VolumeParts extends Pick<KubeletDeps, 'client' | 'mounter' | 'log' | 'events' | 'clock' | 'metrics'> {
  readonly identity: NodeIdentity;
  readonly node: ThisNode;
  readonly registration: Pick<NodeRegistration, 'admitting' | 'reportVolumesInUse'>;
  readonly directories: PodDirectories;
  readonly csiDrivers: CsiDrivers;
  readonly volumeLimits: VolumeLimits;
  readonly references: ApiReferences;
  readonly tokens: TokenCache;
  readonly certificates: Pick<PodCertificates, 'bundle'>;
  readonly images: ImagePuller;
  readonly signal: AbortSignal;
}

/** Puts together what the volumes of pods come from. */
export function makeVolumes({ client, mounter, log, events, clock, metrics, identity, node, registration, directories, csiDrivers, volumeLimits, references, tokens, certificates, images, signal }: VolumeParts): PodVolumes {
  const objects = new ApiVolumeObjects(client);
  return new PodVolumes({
    directories, mounter, log, events, clock, objects, node: () => registration.admitting,
    onOperation: (...operation) => metrics.storage.operation(...operation),
    csi: new CsiVolumes({
      nodeName: identity.name, drivers: csiDrivers, objects, paths: new CsiPaths(directories),
      token: async (pod, audience, expirationSeconds) => {
        const { token, expiresAtMs } = await tokens.find(pod, { audience, ...(expirationSeconds === undefined ? {} : { expirationSeconds }) });
        return { token, expirationTimestamp: apiTime(expiresAtMs) };
      },
      reportInUse: () => registration.reportVolumesInUse(),
      onLimit: (driver) => volumeLimits.refresh(driver), log,
    }),
    image: async (pod, _volume, { reference = '', pullPolicy }) => {
      const unsupported = imageVolumesError(node.runtimeName, node.runtimeVersion);
      if (unsupported !== undefined) throw new Error(unsupported);
      const user = { name: '', image: reference, ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy }) };
      return (await images.ensure(pod, user, undefined, signal)).imageRef;
    },
    sources: () => ({
      data: references, trust: objects, addresses: { podIPs: [], hostIPs: identity.addresses }, allocatable: node.allocatable,
      token: (pod, projection) => tokens.get(pod, projection),
      certificate: (...wanted) => certificates.bundle(...wanted),
    }),
  });
}

import { certificates, core, storage, type certificatesv1beta1, type corev1, type storagev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { type ApiClient } from '@navarch/client';

/** What volumes refer to in the API besides ConfigMaps and Secrets. Rejects with an ApiError. */
export interface VolumeObjects {
  claim(namespace: string, name: string): Promise<corev1.PersistentVolumeClaim>;
  volume(name: string): Promise<corev1.PersistentVolume>;
  /** Writes a claim's status; rejects when somebody else has written meanwhile. */
  updateClaimStatus(claim: corev1.PersistentVolumeClaim): Promise<void>;
  secret(namespace: string, name: string): Promise<corev1.Secret>;
  /** Undefined when there is no such object: drivers need none. */
  csiDriver(name: string): Promise<storagev1.CSIDriver | undefined>;
  attachment(name: string): Promise<storagev1.VolumeAttachment>;
  trustBundle(name: string): Promise<certificatesv1beta1.ClusterTrustBundle>;
  trustBundles(): Promise<certificatesv1beta1.ClusterTrustBundle[]>;
}

export class ApiVolumeObjects implements VolumeObjects {
  constructor(private readonly client: ApiClient) {}

  claim(namespace: string, name: string): Promise<corev1.PersistentVolumeClaim> {
    return this.client.get(core.persistentvolumeclaims, { namespace, name });
  }

  volume(name: string): Promise<corev1.PersistentVolume> {
    return this.client.get(core.persistentvolumes, { namespace: '', name });
  }

  async updateClaimStatus(claim: corev1.PersistentVolumeClaim): Promise<void> {
    await this.client.updateStatus(core.persistentvolumeclaims, claim);
  }

  secret(namespace: string, name: string): Promise<corev1.Secret> {
    return this.client.get(core.secrets, { namespace, name });
  }

  async csiDriver(name: string): Promise<storagev1.CSIDriver | undefined> {
    try {
      return await this.client.get(storage.csidrivers, { namespace: '', name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  attachment(name: string): Promise<storagev1.VolumeAttachment> {
    return this.client.get(storage.volumeattachments, { namespace: '', name });
  }

  trustBundle(name: string): Promise<certificatesv1beta1.ClusterTrustBundle> {
    return this.client.get(certificates.clustertrustbundles, { namespace: '', name });
  }

  async trustBundles(): Promise<certificatesv1beta1.ClusterTrustBundle[]> {
    return (await this.client.list(certificates.clustertrustbundles)).items;
  }
}

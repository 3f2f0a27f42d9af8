import { core, storage, type corev1, type storagev1 } from '@navarch/api';
import { FakeCsiDriver } from './fake-csi-driver';
import { KubeletHarness } from './kubelet-harness';
import { aContainer, aPod } from './pod-bench';

/** A kubelet with a driver of volumes beside it. */
export class CsiBench {
  /** @param driver until it starts, a test may put another in its place */
  private constructor(readonly harness: KubeletHarness, public driver: FakeCsiDriver) {}

  static async open(): Promise<CsiBench> {
    const harness = await KubeletHarness.open();
    return new CsiBench(harness, new FakeCsiDriver({ name: 'disk.example', rootDir: `${harness.root}/kubelet` }));
  }

  async close(): Promise<void> {
    await this.driver.stop();
    await this.harness.close();
  }

  /** Starts both; the driver has registered itself. */
  async ready(): Promise<void> {
    await this.driver.start();
    await this.harness.start();
    await this.harness.passing('registered', 1000, () => this.driver.told.length > 0 && this.csiNode()?.spec.drivers.length === 1);
  }

  csiNode(): storagev1.CSINode | undefined {
    return this.harness.bench.api.find(storage.csinodes, '', 'node-1');
  }

  /** A claim and the driver's volume that it is bound to. */
  addClaim(name: string, spec: Partial<corev1.PersistentVolumeSpec> = {}, csi: Partial<corev1.CSIPersistentVolumeSource> = {}): void {
    const { api } = this.harness.bench;
    api.create(core.persistentvolumes, '', { metadata: { name: `pv-${name}` }, spec: { accessModes: ['ReadWriteOnce'], csi: { driver: 'disk.example', volumeHandle: `handle-${name}`, fsType: 'ext4', ...csi }, ...spec } } as corev1.PersistentVolume);
    api.create(core.persistentvolumeclaims, 'default', { metadata: { name }, spec: { volumeName: `pv-${name}` }, status: { phase: 'Bound' } } as corev1.PersistentVolumeClaim);
  }

  addDriver(spec: storagev1.CSIDriverSpec): void {
    this.harness.bench.api.create(storage.csidrivers, '', { metadata: { name: 'disk.example' }, spec } as storagev1.CSIDriver);
  }

  podWith(name: string, claim = 'data'): corev1.Pod {
    return aPod({ containers: [aContainer('main', { volumeMounts: [{ name: 'v', mountPath: '/data' }] })], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: claim } }] }, { name });
  }
}

import { type PluginHandler } from '../plugins/plugin-watcher';
import { type CsiDrivers } from './csi-drivers';
import { type CsiNodeObject } from './csi-node';
import { type VolumeLimits } from './volume-limits';

/** Takes CSI drivers in: asks what they call this node, and tells the API. */
export class CsiPluginHandler implements PluginHandler {
  constructor(private readonly drivers: CsiDrivers, private readonly node: Pick<CsiNodeObject, 'install' | 'uninstall'>, private readonly limits: VolumeLimits) {}

  async register(name: string, endpoint: string, versions: readonly string[]): Promise<void> {
    if (!versions.some((version) => /^v?1\./.test(version))) {
      throw new Error(`CSI driver ${name} with versions [${versions.join(' ')}] is not supported: no version of 1.x among them`);
    }
    const driver = this.drivers.add(name, endpoint);
    try {
      await this.node.install(name, await driver.node.nodeGetInfo({}));
    } catch (error) {
      this.drivers.remove(name);
      throw error;
    }
    this.limits.follow(name);
  }

  /** A newer instance of the driver, on another endpoint, is not meant. */
  async deregister(name: string, endpoint: string): Promise<void> {
    if (this.drivers.find(name)?.endpoint !== endpoint) return;
    this.limits.leave(name);
    this.drivers.remove(name);
    await this.node.uninstall(name);
  }
}

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface CniOptions {
  readonly podRanges: readonly string[];
  /** Where the address plug-in keeps what it gave out: every node its own. */
  readonly dataDir: string;
  readonly mtu: number;
}

export const configName = '10-navarch.conflist';

/**
 * The default pod network of a node: a bridge, addresses from the node's ranges (one a family), host ports, bandwidth limits. No masquerading here: pods are reached
 * without NAT.
 */
export function cniConfig({ podRanges, dataDir, mtu }: CniOptions): object {
  return {
    cniVersion: '0.4.0',
    name: 'navarch',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        isDefaultGateway: true,
        forceAddress: true,
        // A pod must reach itself through its Service.
        hairpinMode: true,
        ipMasq: false,
        ...(mtu > 0 ? { mtu } : {}),
        ipam: { type: 'host-local', dataDir, ranges: podRanges.map((subnet) => [{ subnet }]) },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      // Does nothing for pods without the annotations kubernetes.io/ingress-bandwidth and egress-bandwidth.
      { type: 'bandwidth', capabilities: { bandwidth: true } },
    ],
  };
}

/** Writes the configuration if it differs; whole or not at all, because the runtime watches the directory. Returns whether it wrote. */
export async function writeCniConfig(dir: string, config: object): Promise<boolean> {
  const path = join(dir, configName);
  const text = `${JSON.stringify(config, null, 2)}\n`;
  try {
    if ((await readFile(path, 'utf8')) === text) return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(dir, { recursive: true });
  // The runtime reads *.conf, *.conflist and *.json only.
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
  return true;
}

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NetworkConfig {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly { readonly type: string; readonly capabilities?: Readonly<Record<string, boolean>> }[];
}
/** What a plug-in answers, of which the next is told. */
export interface PluginResult {
  readonly ips?: readonly { readonly address: string }[];
}
export interface RuntimeConfig {
  readonly portMappings?: readonly { readonly hostPort: number; readonly containerPort: number; readonly protocol: string }[];
  /** Bits per second, and bits. */
  readonly bandwidth?: { readonly ingressRate: number; readonly ingressBurst: number; readonly egressRate: number; readonly egressBurst: number };
}

const pluginDir = ['/usr/lib/cni', '/opt/cni/bin'].find((path) => existsSync(join(path, 'bridge'))) ?? '';

/** Runs a script in a network namespace. */
export const inside = (netns: string, script: string): string => execFileSync('ip', ['netns', 'exec', netns, 'sh', '-ec', script], { encoding: 'utf8' });
export const addressesOf = ({ ips = [] }: PluginResult): string[] => ips.map(({ address }) => address.split('/')[0] ?? '');

/** The configuration that a runtime takes of a directory: the first by name; undefined where there is none. */
export function configIn(dir: string): NetworkConfig | undefined {
  const [first] = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.conflist')).sort() : [];
  return first === undefined ? undefined : (JSON.parse(readFileSync(join(dir, first), 'utf8')) as NetworkConfig);
}

/** Plug-ins as runtimes run them, in the namespace of a node: CNI specification, "CNI operations" of a list, with what each returned given to the next. A pod is a network namespace. */
export function runPlugins(node: string, config: NetworkConfig, command: 'ADD' | 'DEL', pod: string, runtime: RuntimeConfig = {}, earlier?: PluginResult): PluginResult {
  let result: PluginResult | undefined = earlier;
  for (const plugin of command === 'ADD' ? config.plugins : [...config.plugins].reverse()) {
    const runtimeConfig = Object.fromEntries(Object.entries(runtime).filter(([name]) => plugin.capabilities?.[name] === true));
    const said = spawnSync('ip', ['netns', 'exec', node, join(pluginDir, plugin.type)], {
      encoding: 'utf8', input: JSON.stringify({ cniVersion: config.cniVersion, name: config.name, ...plugin, runtimeConfig, ...(result === undefined ? {} : { prevResult: result }) }),
      env: { ...process.env, CNI_COMMAND: command, CNI_CONTAINERID: pod, CNI_NETNS: `/var/run/netns/${pod}`, CNI_IFNAME: 'eth0', CNI_PATH: pluginDir },
    });
    if (said.status !== 0) throw new Error(`${plugin.type} ${command}: ${said.stdout}${said.stderr}`);
    if (command === 'ADD') result = JSON.parse(said.stdout) as PluginResult;
  }
  return result ?? {};
}

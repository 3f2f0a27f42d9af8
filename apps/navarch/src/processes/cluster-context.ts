import { join } from 'node:path';
import type { Layout } from '../cluster/layout';
import type { ClusterSettings } from '../cluster/settings';
import { bridgeAddress } from '../cluster/addresses';

/** What the process specs are made from. */
export interface ClusterContext {
  readonly layout: Layout;
  readonly settings: ClusterSettings;
  /** The clone: where apps/<name>/dist/main.js are. */
  readonly root: string;
}

/** Where nodes reach the control plane: the bridge for real nodes, loopback for simulated ones. */
export function controlPlaneAddress({ settings }: ClusterContext): string {
  return settings.runtime === 'containerd' ? bridgeAddress(settings.subnet) : '127.0.0.1';
}

/** A built service of this repository; `part`: another process of the same app. */
export function appMain(root: string, app: string, part = ''): string {
  return join(root, 'apps', app, 'dist', part, 'main.js');
}

/** Extra flags a user gave for a process, by its name or, for all nodes' processes, by the part before `@`. */
export function extraFlags({ settings }: ClusterContext, process: string): readonly string[] {
  const kind = process.split('@')[0] ?? process;
  return [...(settings.extraFlags[kind] ?? []), ...(kind === process ? [] : (settings.extraFlags[process] ?? []))];
}

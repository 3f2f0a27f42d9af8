import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '@navarch/clock';
import { nodeNames } from '../cluster/addresses';
import { Layout } from '../cluster/layout';
import { type ClusterSettings, loadSettings } from '../cluster/settings';
import { siblings } from '../cluster/siblings';
import { restoreHost } from '../host/host-changes';
import { cgroupProcesses, isAlive, processesWith, removeCgroupParent, removeCgroups, removeIfEmpty, unmountBelow } from '../host/leftovers';
import { deleteBridge, deleteNodeNamespace } from '../host/node-network';
import { plannedSpecs, stopSupervisor, supervisorState } from '../supervisor/supervisor-client';

/** How long processes have to end by themselves, and then by force. */
const endMs = 15_000;

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // gone already is what we want
  }
}

async function gone(find: () => number[], withinMs: number, act: (pid: number) => void): Promise<boolean> {
  const deadline = systemClock.now() + withinMs;
  for (let pids = find(); pids.length > 0; pids = find()) {
    if (systemClock.now() > deadline) return false;
    for (const pid of pids) act(pid);
    await systemClock.sleep(50);
  }
  return true;
}

/** Asks processes to end, and ends those that do not; `find` is asked again until it finds none. */
async function end(find: () => number[], first: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (first === 'SIGTERM') {
    for (const pid of find()) kill(pid, 'SIGTERM');
    if (await gone(find, endMs, () => undefined)) return;
  }
  if (!(await gone(find, endMs, (pid) => kill(pid, 'SIGKILL')))) throw new Error(`processes do not end even when killed: ${find().join(', ')}`);
}

/** Stops all processes of a cluster, containers included; state stays. */
export async function down(cluster: string, options: { purge: boolean }): Promise<void> {
  const layout = new Layout(cluster);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) {
    // A purge that was cut off may have left a part.
    if (options.purge) removeFiles(layout);
    process.stdout.write(`there is no cluster "${cluster}"\n`);
    return;
  }
  await stopCluster(layout, settings);
  if (!options.purge) {
    process.stdout.write(`cluster "${cluster}" is down; its state is kept in ${layout.dir}\n`);
    return;
  }
  if (settings.runtime === 'containerd') {
    for (const undone of restoreHost(layout.hostNotes, settings.subnet, !siblings(layout).some(({ runtime }) => runtime === 'containerd'))) process.stdout.write(`undone on this host: ${undone}\n`);
    deleteBridge(settings.subnet);
  }
  removeFiles(layout);
  removeIfEmpty(dirname(layout.runtimeDir));
  process.stdout.write(`cluster "${cluster}" and its state are removed\n`);
}

/** Leaves nothing running or mounted, whatever state the cluster was in. */
export async function stopCluster(layout: Layout, settings: ClusterSettings): Promise<void> {
  const running = await supervisorState(layout);
  if (running !== undefined) {
    await stopSupervisor(layout);
    await end(() => [running.pid].filter(isAlive), 'SIGTERM');
  }
  // What a supervisor that was killed left behind.
  await end(() => plannedProcesses(layout), 'SIGTERM');
  rmSync(layout.processes, { force: true });
  if (settings.runtime === 'containerd') await cleanNodes(layout, settings);
  unmountBelow(layout.runtimeDir);
  unmountBelow(layout.dir);
  rmSync(layout.runtimeDir, { recursive: true, force: true });
  removeIfEmpty(dirname(layout.runtimeDir));
}

/** Processes that run exactly what the cluster's plan says. */
export function plannedProcesses(layout: Layout): number[] {
  const lines = new Set(plannedSpecs(layout).map((spec) => [spec.command, ...spec.args].join('\0')));
  return lines.size === 0 ? [] : processesWith((words) => lines.has(words.join('\0')));
}

function removeFiles(layout: Layout): void {
  unmountBelow(layout.dir);
  rmSync(layout.dir, { recursive: true, force: true });
  rmSync(layout.kubeconfig, { force: true });
}

/** Containers outlive containerd by design; a node that is down must not. */
async function cleanNodes(layout: Layout, settings: ClusterSettings): Promise<void> {
  await end(() => processesWith((words) => words[0]?.includes('containerd-shim') === true && words.some((word) => word.startsWith(`${layout.runtimeDir}/`))), 'SIGKILL');
  await end(() => cgroupProcesses(`/navarch/${layout.cluster}`), 'SIGKILL');
  for (const name of nodeNames(settings.nodes)) deleteNodeNamespace(layout.node(name).netns);
  removeCgroups(`/navarch/${layout.cluster}`);
  removeCgroupParent('/navarch');
}

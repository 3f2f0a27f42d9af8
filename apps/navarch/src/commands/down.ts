import { existsSync, rmSync } from 'node:fs';
import { systemClock } from '@navarch/clock';
import { nodeNames } from '../cluster/addresses';
import { Layout } from '../cluster/layout';
import { type ClusterSettings, loadSettings } from '../cluster/settings';
import { restoreHost } from '../host/host-changes';
import { cgroupProcesses, processesNaming, removeCgroups, unmountBelow } from '../host/leftovers';
import { deleteBridge, deleteNodeNamespace } from '../host/node-network';
import { leftBehind, stopSupervisor, supervisorState } from '../supervisor/supervisor-client';

const killWaitMs = 10_000;

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // gone already is what we want
  }
}

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

async function killAll(find: () => number[], signal: NodeJS.Signals): Promise<void> {
  const deadline = systemClock.now() + killWaitMs;
  for (let pids = find(); pids.length > 0; pids = find()) {
    for (const pid of pids) kill(pid, signal);
    await systemClock.sleep(50);
    if (systemClock.now() > deadline) throw new Error(`processes do not end: ${pids.join(', ')}`);
  }
}

/** Stops all processes of a cluster, containers included; state stays. */
export async function down(cluster: string, options: { purge: boolean; quiet?: boolean }): Promise<void> {
  const layout = new Layout(cluster);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) {
    // A purge that was cut off may have left a part.
    if (options.purge) removeFiles(layout);
    process.stdout.write(`there is no cluster "${cluster}"\n`);
    return;
  }
  await stopProcesses(layout);
  if (settings.runtime === 'containerd') await cleanNodes(layout, settings);
  unmountBelow(layout.runtimeDir);
  unmountBelow(layout.dir);
  rmSync(layout.runtimeDir, { recursive: true, force: true });
  if (!options.purge) {
    if (options.quiet !== true) process.stdout.write(`cluster "${cluster}" is down; its state is kept in ${layout.dir}\n`);
    return;
  }
  if (settings.runtime === 'containerd') {
    restoreHost(layout.hostChanges, settings.subnet);
    deleteBridge(settings.subnet);
  }
  removeFiles(layout);
  process.stdout.write(`cluster "${cluster}" and its state are removed\n`);
}

function removeFiles(layout: Layout): void {
  unmountBelow(layout.dir);
  rmSync(layout.dir, { recursive: true, force: true });
  rmSync(layout.kubeconfig, { force: true });
}

async function stopProcesses(layout: Layout): Promise<void> {
  const running = await supervisorState(layout);
  if (running !== undefined) {
    await stopSupervisor(layout);
    await killAll(() => [running.pid].filter(alive), 'SIGTERM');
    return;
  }
  // The supervisor was killed: its processes may live on.
  const left = leftBehind(layout)?.processes ?? [];
  const ours = new Map(left.filter((entry) => entry.pid !== undefined).map((entry) => [entry.pid as number, entry.spec]));
  const stillOurs = (): number[] => [...ours.keys()].filter((pid) => alive(pid) && processesNaming(layout.cluster).includes(pid));
  await killAll(stillOurs, 'SIGTERM');
  rmSync(layout.processes, { force: true });
}

/** Containers outlive containerd by design; a node that is down must not. */
async function cleanNodes(layout: Layout, settings: ClusterSettings): Promise<void> {
  await killAll(() => processesNaming(`${layout.runtimeDir}/`).filter((pid) => pid !== process.ppid), 'SIGKILL');
  await killAll(() => cgroupProcesses(`/navarch/${layout.cluster}`), 'SIGKILL');
  for (const name of nodeNames(settings.nodes)) deleteNodeNamespace(layout.node(name).netns);
  removeCgroups(`/navarch/${layout.cluster}`);
}

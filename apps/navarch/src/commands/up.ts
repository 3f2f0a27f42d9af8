import { closeSync, copyFileSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { bridgeAddress, clusterDns, nodeName, nodeNames } from '../cluster/addresses';
import { makeCertificates, pkiFiles } from '../cluster/certificates';
import { Layout } from '../cluster/layout';
import { npmRun } from '../cluster/npm-run';
import { keptSettings, newSettings, type Wishes } from '../cluster/new-settings';
import { assertPortsFree } from '../cluster/ports';
import { loadSettings, saveSettings, type ClusterSettings, type RuntimeKind } from '../cluster/settings';
import { writeContainerdFiles } from '../host/containerd-files';
import { changeHost } from '../host/host-changes';
import { withLock } from '../host/lock';
import { createBridge, createNodeNamespace } from '../host/node-network';
import { hostResolver, redirectLoopbackDns } from '../host/node-resolver';
import { builtImages, installMissing, missingForReal } from '../host/requirements';
import { importMissing } from '../images/node-images';
import { allSpecs } from '../processes/all-specs';
import { controlPlaneAddress, type ClusterContext } from '../processes/cluster-context';
import { Progress } from '../progress/progress';
import { supervisorState } from '../supervisor/supervisor-client';
import { withWarmStart } from '../warm-start/warm-start';
import { bootstrap } from './bootstrap';
import { stopCluster } from './down';
import { nextSteps } from './next-steps';
import { waitForControlPlane, waitForNodes, withLog } from './wait';

const supervisorWithinMs = 10_000;

/** `npm run up`: from a built clone to a cluster whose nodes are Ready. */
export async function up(options: Wishes & { readonly root: string }): Promise<void> {
  const layout = new Layout(options.cluster);
  let startedAt = 0;
  const progress = new Progress(process.stdout, systemClock);
  const changes: string[] = [];
  await assertNotRunning(layout);
  const runtime = chooseRuntime(options, loadSettings(layout.settings));
  await installMissing(options.root, runtime);
  // Until its processes listen, nobody else could see which ports and networks it took.
  const context = await withLock(layout.choosing, async () => {
    const chosen = await choose(options, runtime, layout);
    startedAt = systemClock.now();
    await start(chosen, progress, changes);
    await progress.step('control plane', (say) => waitForControlPlane(chosen, say)).catch(goesOn(layout));
    return chosen;
  });
  await Promise.all([
    ...(context.settings.runtime === 'containerd' ? [progress.step('images', () => loadImages(context))] : []),
    progress.step('nodes Ready', (say) => waitForNodes(context, startedAt, say)),
    bootstrap({
      apiserver: `${controlPlaneAddress(context)}:${context.settings.ports.apiserverGrpc}`,
      server: `https://${controlPlaneAddress(context)}:${context.settings.ports.apiserver}`,
      files: pkiFiles(layout),
    }),
  ]).catch(goesOn(layout));
  for (const change of changes) process.stdout.write(`changed on this host: ${change} (${npmRun('down', layout.cluster, '--purge')} undoes it)\n`);
  process.stdout.write(nextSteps(layout, context.settings));
}

async function assertNotRunning(layout: Layout): Promise<void> {
  const running = await supervisorState(layout);
  if (running === undefined) return;
  throw new Error(`cluster "${layout.cluster}" is running already (supervisor pid ${running.pid}); ${npmRun('status', layout.cluster)} shows it, ${npmRun('down', layout.cluster)} stops it`);
}

/** What to run where; refuses what cannot be. */
async function choose(options: Wishes & { readonly root: string }, runtime: RuntimeKind, layout: Layout): Promise<ClusterContext> {
  await assertNotRunning(layout);
  const known = loadSettings(layout.settings);
  if (known !== undefined) await stopCluster(layout, known); // what a killed supervisor may have left
  const settings = known === undefined ? await newSettings(options, runtime, layout) : keptSettings(known, options);
  await assertPortsFree(settings);
  saveSettings(layout.settings, settings);
  return { layout, settings, root: options.root };
}

function chooseRuntime(options: Wishes, known: ClusterSettings | undefined): RuntimeKind {
  const asked = options.runtime ?? known?.runtime;
  const missing = missingForReal();
  if (asked === 'containerd' && missing !== undefined) {
    throw new Error(`real containers are not possible here: ${missing}\nnpm run up -- --runtime simulated runs the same cluster with simulated nodes`);
  }
  if (asked !== undefined) return asked;
  if (missing === undefined) return 'containerd';
  process.stdout.write(`real containers are not possible here: ${missing}\nso the nodes are simulated: everything but the containers themselves is real\n`);
  return 'simulated';
}

async function start(context: ClusterContext, progress: Progress, changes: string[]): Promise<void> {
  const { layout, settings } = context;
  if (settings.runtime === 'containerd') {
    await progress.step(`network of ${settings.nodes} ${settings.nodes === 1 ? 'node' : 'nodes'}`, () => {
      createBridge(settings.subnet, settings.ipFamily === 'dual');
      changes.push(...changeHost(layout.hostNotes, settings));
      for (const index of Array(settings.nodes).keys()) prepareNode(context, index);
    });
  }
  await progress.step('certificates', () => makeCertificates(layout, settings));
  await startSupervisor(context);
}

/** A real node's network namespace, its containerd's configuration and what it resolves names with. */
function prepareNode({ layout, settings }: ClusterContext, index: number): void {
  const node = layout.node(nodeName(index));
  createNodeNamespace(node.netns, settings.subnet, index, settings.ipFamily === 'dual');
  writeContainerdFiles(node, layout.registries);
  const { resolvConf, onLoopback } = hostResolver(clusterDns);
  writeFileSync(node.resolvConf, resolvConf);
  if (onLoopback) redirectLoopbackDns(node.netns, bridgeAddress(settings.subnet), settings.ports.dns);
}

/** The supervisor outlives this process: it is what keeps the cluster running. */
async function startSupervisor(context: ClusterContext): Promise<void> {
  const { layout, settings, root } = context;
  for (const dir of [layout.logs, layout.etcdData]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of nodeNames(settings.nodes)) mkdirSync(layout.node(name).dir, { recursive: true });
  mkdirSync(layout.runtimeDir, { recursive: true, mode: 0o700 });
  copyFileSync(layout.settings, layout.runningSettings);
  writeFileSync(layout.plan, JSON.stringify(withWarmStart(allSpecs(context), root, layout.warmStart), null, 2));
  const log = openSync(layout.log('supervisor'), 'a');
  const child = spawn(process.execPath, [join(root, 'apps/navarch/dist/main.js'), 'supervise', '--name', layout.cluster, '--plan', layout.plan], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  const deadline = systemClock.now() + supervisorWithinMs;
  while ((await supervisorState(layout)) === undefined) {
    if (child.exitCode !== null || systemClock.now() > deadline) throw new Error(withLog(layout, 'supervisor', 'the supervisor did not start'));
    await systemClock.sleep(5);
  }
}

async function loadImages({ layout, settings, root }: ClusterContext): Promise<void> {
  const archives = await builtImages(root, layout.images);
  await Promise.all(nodeNames(settings.nodes).map((name) => importMissing(layout.node(name).runtimeSocket, archives)));
}

/** A failure while waiting stops nothing: there is something to look at. */
function goesOn({ cluster }: Layout): (error: unknown) => never {
  return (error) => {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\nits processes still run: ${npmRun('status', cluster)} and ${npmRun('doctor', cluster)} show more, ${npmRun('down', cluster)} stops them`,
      { cause: error },
    );
  };
}

import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Listr, type ListrTask } from 'listr2';
import { systemClock } from '@navarch/clock';
import { createBridge, createNodeNamespace, freePodCidr, freeSubnet } from '../host/node-network';
import { defaultPodCidr, maxRealNodes, nodeNames } from '../cluster/addresses';
import { makeCertificates } from '../cluster/certificates';
import { defaultCluster, Layout } from '../cluster/layout';
import { assertPortsFree, choosePorts } from '../cluster/ports';
import { type ClusterSettings, loadSettings, type RuntimeKind, saveSettings } from '../cluster/settings';
import { hasAppArmor, hasSysResource, isRoot, snapshotterFor } from '../host/capabilities';
import { changeHost } from '../host/host-changes';
import { buildImages, installMissing, missingForReal, pauseImage } from '../host/requirements';
import { allSpecs } from '../processes/all-specs';
import { containerdConfig } from '../processes/containerd-config';
import type { ClusterContext } from '../processes/cluster-context';
import { supervisorState } from '../supervisor/supervisor-client';
import { loadImage } from './image-load';
import { nextSteps } from './next-steps';
import { waitForNodes, waitForProcesses } from './wait';
import { down } from './down';

export interface UpOptions {
  readonly cluster: string;
  readonly nodes?: number;
  readonly runtime?: RuntimeKind;
  readonly apiPort?: number;
  /** `process:--flag=value` */
  readonly flags: readonly string[];
  readonly root: string;
}

/** `npm run up`: from a built clone to a cluster whose nodes are Ready. */
export async function up(options: UpOptions): Promise<void> {
  const layout = new Layout(options.cluster);
  const running = await supervisorState(layout);
  if (running !== undefined) {
    throw new Error(`cluster "${options.cluster}" is running already (supervisor pid ${running.pid}); npm run status shows it, npm run down stops it`);
  }
  const known = loadSettings(layout.settings);
  const runtime = chooseRuntime(options, known);
  await installMissing(options.root, runtime);
  const settings = known === undefined ? await newSettings(options, runtime) : { ...known, extraFlags: options.flags.length > 0 ? parseFlags(options.flags) : known.extraFlags };
  if (known !== undefined) {
    rejectChanges(options, known);
    await down(options.cluster, { purge: false, quiet: true }); // what a killed supervisor may have left
  }
  await assertPortsFree(settings.ports);
  saveSettings(layout.settings, settings);
  const context: ClusterContext = { layout, settings, root: options.root };
  const changes: string[] = [];
  await new Listr(tasks(context, changes), { rendererOptions: { collapseSubtasks: false }, fallbackRenderer: 'simple', concurrent: false }).run();
  for (const change of changes) process.stdout.write(`changed on this host: ${change} (undone by npm run down -- --purge)\n`);
  process.stdout.write(nextSteps(layout, settings));
}

function tasks(context: ClusterContext, changes: string[]): ListrTask[] {
  const { layout, settings } = context;
  const real = settings.runtime === 'containerd';
  return [
    { title: 'certificates', task: () => makeCertificates(layout, settings) },
    {
      title: `network of ${settings.nodes} nodes`,
      enabled: () => real,
      task: () => {
        createBridge(settings.subnet);
        changes.push(...changeHost(layout.hostChanges, settings));
        for (const [index, name] of nodeNames(settings.nodes).entries()) createNodeNamespace(layout.node(name).netns, settings.subnet, index);
      },
    },
    { title: 'containerd configuration', enabled: () => real, task: () => configureContainerd(context) },
    { title: 'processes', task: () => startSupervisor(context) },
    { title: 'control plane', task: (_context, task) => waitForProcesses(context, onChange((detail) => (task.output = detail))) },
    {
      title: 'images',
      enabled: () => real,
      task: async () => {
        const archives = await buildImages(context.root, join(layout.dir, 'images'));
        for (const name of nodeNames(settings.nodes)) for (const archive of archives.values()) loadImage(layout.node(name).runtimeSocket, archive);
      },
    },
    { title: 'nodes Ready', task: (_context, task) => waitForNodes(context, onChange((detail) => (task.output = detail))) },
  ];
}

/** Says a thing once until another is said: where there is no terminal, every word is a line. */
function onChange(say: (detail: string) => void): (detail: string) => void {
  let last = '';
  return (detail) => {
    if (detail !== last) say(detail);
    last = detail;
  };
}

function chooseRuntime(options: UpOptions, known: ClusterSettings | undefined): RuntimeKind {
  if (options.runtime !== undefined || known !== undefined) return options.runtime ?? (known as ClusterSettings).runtime;
  const missing = missingForReal();
  if (missing === undefined) return 'containerd';
  process.stdout.write(`real containers are not possible here: ${missing}\nnodes use the simulated runtime (npm run up -- --runtime containerd shows what is missing)\n`);
  return 'simulated';
}

async function newSettings(options: UpOptions, runtime: RuntimeKind): Promise<ClusterSettings> {
  const nodes = options.nodes ?? 2;
  // Simulated with no node at all: a control plane alone, as the bench wants it.
  if (!Number.isInteger(nodes) || nodes < (runtime === 'simulated' ? 0 : 1)) throw new Error(`--nodes: "${String(options.nodes)}" is not a number of nodes`);
  if (runtime === 'containerd' && nodes > maxRealNodes) throw new Error(`--nodes: at most ${maxRealNodes} real nodes; simulated ones have no limit`);
  if (runtime === 'containerd' && !isRoot()) throw new Error('real containers need root: run as root, or use npm run up -- --runtime simulated');
  const ports = await choosePorts({ ...(options.apiPort !== undefined ? { apiPort: options.apiPort } : {}), mustHaveApiPort: options.cluster === defaultCluster || options.apiPort !== undefined });
  return { name: options.cluster, runtime, nodes, subnet: runtime === 'containerd' ? freeSubnet() : 0, podCidr: runtime === 'containerd' ? freePodCidr() : defaultPodCidr, ports, extraFlags: parseFlags(options.flags) };
}

/** What a cluster is cannot be changed by starting it again. */
function rejectChanges(options: UpOptions, known: ClusterSettings): void {
  if (options.nodes !== undefined && options.nodes !== known.nodes) throw new Error(`cluster "${known.name}" was made with ${known.nodes} nodes; npm run down -- --purge first, or use another --name`);
  if (options.runtime !== undefined && options.runtime !== known.runtime) throw new Error(`cluster "${known.name}" was made with runtime ${known.runtime}; npm run down -- --purge first, or use another --name`);
  if (options.apiPort !== undefined && options.apiPort !== known.ports.apiserver) throw new Error(`cluster "${known.name}" was made with API port ${known.ports.apiserver}; npm run down -- --purge first, or use another --name`);
}

function parseFlags(flags: readonly string[]): Record<string, string[]> {
  const parsed: Record<string, string[]> = {};
  for (const entry of flags) {
    const at = entry.indexOf(':');
    const process_ = entry.slice(0, at);
    if (at < 1 || !entry.startsWith('--', at + 1)) throw new Error(`--flag: "${entry}" is not process:--flag=value`);
    (parsed[process_] ??= []).push(entry.slice(at + 1));
  }
  return parsed;
}

function configureContainerd({ layout, settings }: ClusterContext): void {
  const registries = join(layout.dir, 'registries');
  mkdirSync(registries, { recursive: true });
  for (const name of nodeNames(settings.nodes)) {
    const node = layout.node(name);
    for (const dir of [node.containerdRoot, node.containerdState, node.cniConfig, node.cniData, node.kubelet]) mkdirSync(dir, { recursive: true });
    writeFileSync(node.containerdConfig, containerdConfig(node, {
      sandboxImage: pauseImage,
      restrictOomScoreAdj: !hasSysResource(),
      apparmor: hasAppArmor(),
      snapshotter: snapshotterFor(node.containerdRoot),
      registryConfigPath: registries,
    }));
  }
}

/** The supervisor outlives this process: it is what keeps the cluster running. */
async function startSupervisor(context: ClusterContext): Promise<void> {
  const { layout, root } = context;
  for (const dir of [layout.logs, layout.etcdData]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of nodeNames(context.settings.nodes)) mkdirSync(layout.node(name).dir, { recursive: true });
  const plan = join(layout.dir, 'plan.json');
  writeFileSync(plan, JSON.stringify(allSpecs(context), null, 2));
  const log = openSync(layout.log('supervisor'), 'a');
  const child = spawn(process.execPath, [join(root, 'apps/navarch/dist/main.js'), 'supervise', '--name', layout.cluster, '--plan', plan], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  const deadline = systemClock.now() + 10_000;
  while ((await supervisorState(layout)) === undefined) {
    if (child.exitCode !== null || systemClock.now() > deadline) throw new Error(`the supervisor did not start; see ${layout.log('supervisor')}`);
    await systemClock.sleep(20);
  }
}

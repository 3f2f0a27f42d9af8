import { type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import type { Layout } from '../cluster/layout';
import type { ClusterContext } from '../processes/cluster-context';
import { httpGet } from '../supervisor/http-get';
import { lastError } from '../supervisor/last-error';
import { type Health, probe } from '../supervisor/probe';
import type { SupervisorState } from '../supervisor/supervisor';
import { supervisorState } from '../supervisor/supervisor-client';

const pollMs = 50;
const processesWithinMs = 90_000;
const nodesWithinMs = 120_000;
/** A process that ended this often while it was waited for will not stay by itself. */
const hopelessRestarts = 5;

type Say = (detail: string) => void;
type ProcessEntry = SupervisorState['processes'][number];

/** Resolves when every process that is not a node's is well; fails with what is not, its log and what that complains of. */
export async function waitForControlPlane({ layout }: ClusterContext, say: Say): Promise<void> {
  const deadline = systemClock.now() + processesWithinMs;
  const well = new Set<string>();
  for (;;) {
    const waitedFor = (await entries(layout)).filter((entry) => entry.spec.node === undefined && !well.has(entry.name));
    const unwell = await unhealthy(waitedFor);
    for (const entry of waitedFor) if (!unwell.has(entry)) well.add(entry.name);
    if (unwell.size === 0) return;
    say([...unwell].map(([{ name }, { detail }]) => `${name} (${detail})`).join(', '));
    const hopeless = [...unwell].filter(([entry]) => entry.restarts >= hopelessRestarts);
    if (hopeless.length > 0) throw new Error(complaints(layout, new Map(hopeless)));
    if (systemClock.now() > deadline) throw new Error(complaints(layout, unwell));
    await systemClock.sleep(pollMs);
  }
}

async function entries(layout: Layout): Promise<SupervisorState['processes']> {
  const state = await supervisorState(layout);
  if (state === undefined) throw new Error(withLog(layout, 'supervisor', 'the supervisor has ended'));
  return state.processes;
}

async function unhealthy(list: readonly ProcessEntry[]): Promise<Map<ProcessEntry, Health>> {
  const healths = await Promise.all(list.map(async (entry) => [entry, await healthOf(entry)] as const));
  return new Map(healths.filter(([, health]) => !health.ok));
}

/** How a process is: what it says of itself, or what the supervisor knows. */
export async function healthOf(entry: ProcessEntry): Promise<Health> {
  if (entry.state === 'running') return probe(entry.spec.health);
  if (entry.state === 'waiting') return { ok: false, detail: `starts after ${entry.spec.after ?? ''}` };
  return { ok: false, detail: `${entry.state}, ended with ${entry.lastExit ?? 'nothing known'}` };
}

/** One line a process: what is wrong, what its log complains of, and where the log is. */
function complaints(layout: Layout, unwell: ReadonlyMap<ProcessEntry, Health>): string {
  return [...unwell].map(([{ name }, { detail }]) => withLog(layout, name, `${name} is not well: ${detail}`)).join('\n');
}

export function withLog(layout: Layout, process: string, text: string): string {
  const said = lastError(layout.log(process));
  return `${text}\n  ${said === undefined ? '' : `${said}\n  `}log: ${layout.log(process)}`;
}

const isReady = (node: corev1.Node): boolean => node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

/** Resolves when all nodes are Ready, by the API. */
export async function waitForNodes({ layout, settings }: ClusterContext, say: Say): Promise<void> {
  const deadline = systemClock.now() + nodesWithinMs;
  for (;;) {
    const found = await nodesNow(layout);
    const ready = typeof found === 'string' ? 0 : found.filter(isReady).length;
    if (ready >= settings.nodes) return;
    say(typeof found === 'string' ? found : `${ready} of ${settings.nodes}${ready < found.length ? `, ${reasons(found)}` : ''}`);
    const late = systemClock.now() > deadline;
    const unwell = late ? await unhealthy(await entries(layout)) : await failing(layout);
    if (late || unwell.size > 0) throw new Error([`${ready} of ${settings.nodes} nodes are Ready`, ...(typeof found === 'string' ? [found] : found.length > 0 ? [reasons(found)] : []), complaints(layout, unwell)].filter((line) => line !== '').join('\n'));
    await systemClock.sleep(pollMs);
  }
}

async function failing(layout: Layout): Promise<Map<ProcessEntry, Health>> {
  return unhealthy((await entries(layout)).filter(({ restarts }) => restarts >= hopelessRestarts));
}

/** The nodes, or why they cannot be listed now. */
async function nodesNow(layout: Layout): Promise<corev1.Node[] | string> {
  const health = (await entries(layout)).find(({ name }) => name === 'apiserver')?.spec.health;
  if (health?.kind !== 'https') return 'no apiserver';
  try {
    const { code, body } = await httpGet(new URL('/api/v1/nodes', health.url).href, health.identity);
    return code === 200 ? (JSON.parse(body) as corev1.NodeList).items : `nodes cannot be listed: ${body.slice(0, 200)}`;
  } catch (error) {
    return `nodes cannot be listed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function reasons(nodes: readonly corev1.Node[]): string {
  return nodes.filter((node) => !isReady(node)).map((node) => {
    const condition = node.status?.conditions?.find(({ type }) => type === 'Ready');
    return `${node.metadata.name ?? ''}: ${condition?.message ?? 'has not reported yet'}`;
  }).join(', ');
}

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

/** Resolves when the processes that wait for no other are well; fails with what is not, its log and what that complains of. */
export async function waitForControlPlane({ layout }: ClusterContext, say: Say): Promise<void> {
  const deadline = systemClock.now() + processesWithinMs;
  const well = new Set<string>();
  for (;;) {
    const waitedFor = (await entries(layout)).filter((entry) => entry.spec.after === undefined && !well.has(entry.name));
    const unwell = await unhealthy(waitedFor);
    for (const entry of waitedFor) if (!unwell.has(entry)) well.add(entry.name);
    if (unwell.size === 0) return;
    say([...unwell].map(([{ name }, { detail }]) => `${name} (${detail})`).join(', '));
    const hopeless = [...unwell].filter(([entry]) => isHopeless(entry));
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

/** Resolves when all nodes are Ready, by the API and since `sinceMs`, pods can be made, and everything else is well too. */
export async function waitForNodes({ layout, settings }: ClusterContext, sinceMs: number, say: Say): Promise<void> {
  const deadline = systemClock.now() + nodesWithinMs;
  for (;;) {
    const waited = await stillMissing(layout, settings.nodes, sinceMs);
    const unwell = waited.length === 0 ? await unhealthy(await entries(layout)) : await failing(layout);
    if (waited.length === 0 && unwell.size === 0) return;
    say([...waited, ...[...unwell].map(([{ name }, { detail }]) => `${name} (${detail})`)].join(', '));
    const late = systemClock.now() > deadline;
    if (late || [...unwell.keys()].some(isHopeless)) throw new Error([...waited, complaints(layout, late ? await unhealthy(await entries(layout)) : unwell)].filter((line) => line !== '').join('\n'));
    await systemClock.sleep(pollMs);
  }
}

const isHopeless = ({ restarts }: ProcessEntry): boolean => restarts >= hopelessRestarts;

async function failing(layout: Layout): Promise<Map<ProcessEntry, Health>> {
  return unhealthy((await entries(layout)).filter(isHopeless));
}

/** What the first pod would still wait for. */
async function stillMissing(layout: Layout, nodes: number, sinceMs: number): Promise<string[]> {
  const health = (await entries(layout)).find(({ name }) => name === 'apiserver')?.spec.health;
  if (health?.kind !== 'https') return ['no apiserver'];
  const get = (path: string): Promise<{ code: number; body: string }> => httpGet(new URL(path, health.url).href, health.identity);
  try {
    const listed = await get('/api/v1/nodes');
    if (listed.code !== 200) return [`nodes cannot be listed: ${listed.body.slice(0, 200)}`];
    const waited = notReady((JSON.parse(listed.body) as corev1.NodeList).items, nodes, sinceMs);
    if (waited.length > 0) return waited;
    // Without it the API takes no pod.
    const account = await get('/api/v1/namespaces/default/serviceaccounts/default');
    return account.code === 200 ? [] : ['the namespace "default" has no service account yet'];
  } catch (error) {
    return [`the API does not answer: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** What is missing of this many Ready nodes. What a node said before `sinceMs` is of an earlier life. */
export function notReady(nodes: readonly corev1.Node[], wanted: number, sinceMs: number): string[] {
  const missing = nodes.flatMap((node) => {
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
    const name = node.metadata.name ?? '';
    // The API's times have no fractions of a second.
    if (ready?.lastHeartbeatTime === undefined || Date.parse(ready.lastHeartbeatTime) < Math.floor(sinceMs / 1_000) * 1_000) return [`${name} has not reported yet`];
    return ready.status === 'True' ? [] : [`${name} is not Ready: ${ready.message ?? ''}`];
  });
  return nodes.length < wanted ? [...missing, `${wanted - nodes.length} of ${wanted} nodes have not registered yet`] : missing;
}

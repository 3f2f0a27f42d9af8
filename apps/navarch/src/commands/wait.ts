import { core, type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { ClusterConnection } from '@navarch/client';
import { adminFiles } from '../cluster/certificates';
import { controlPlaneAddress, type ClusterContext } from '../processes/cluster-context';
import { probe } from '../supervisor/probe';
import { supervisorState } from '../supervisor/supervisor-client';

const pollMs = 100;
const processesWithinMs = 90_000;
const nodesWithinMs = 120_000;

/** Resolves when every process is healthy; fails with what is not and where its log is. */
export async function waitForProcesses({ layout }: ClusterContext, progress: (detail: string) => void): Promise<void> {
  const deadline = systemClock.now() + processesWithinMs;
  for (;;) {
    const state = await supervisorState(layout);
    if (state === undefined) throw new Error(`the supervisor has ended; see ${layout.log('supervisor')}`);
    // A kubelet is ready only when its node has its network, which comes with the nodes.
    const waitedFor = state.processes.filter(({ spec }) => spec.node === undefined || spec.health?.kind === 'socket');
    const healths = await Promise.all(waitedFor.map(async ({ spec, state: running }) => ({ name: spec.name, health: running === 'running' ? await probe(spec.health, layout) : { ok: false, detail: 'restarting' } })));
    const unwell = healths.filter(({ health }) => !health.ok);
    if (unwell.length === 0) return;
    progress(unwell.map(({ name, health }) => `${name}: ${health.detail}`).join(' · '));
    if (systemClock.now() > deadline) throw new Error(unwell.map(({ name, health }) => `${name} is not well: ${health.detail}; see ${layout.log(name)}`).join('\n'));
    await systemClock.sleep(pollMs);
  }
}

const isReady = (node: corev1.Node): boolean => node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;

/** Resolves when all nodes are Ready, by the API. */
export async function waitForNodes(context: ClusterContext, progress: (detail: string) => void): Promise<void> {
  const { layout, settings } = context;
  const { ca, cert, key } = adminFiles(layout);
  const connection = new ClusterConnection(
    { name: 'navarch', bus: false, apiserver: { address: `${controlPlaneAddress(context)}:${settings.ports.apiserverGrpc}`, tls: { caFile: ca, certFile: cert, keyFile: key } } },
    { clock: systemClock, log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined } },
  );
  const deadline = systemClock.now() + nodesWithinMs;
  try {
    for (;;) {
      const found = await nodesNow(connection);
      if (typeof found === 'string') {
        progress(found);
        if (systemClock.now() > deadline) throw new Error(`nodes cannot be listed: ${found}`);
      } else {
        const ready = found.filter(isReady);
        if (ready.length >= settings.nodes) return;
        progress(`${ready.length} of ${settings.nodes}`);
        if (systemClock.now() > deadline) throw new Error(notReady(found, settings.nodes));
      }
      await systemClock.sleep(pollMs);
    }
  } finally {
    await connection.stop();
  }
}

/** The nodes, or why they cannot be listed now. */
async function nodesNow(connection: ClusterConnection): Promise<corev1.Node[] | string> {
  try {
    return (await connection.client.list(core.nodes)).items;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function notReady(items: readonly corev1.Node[], wanted: number): string {
  const lines = items.filter((node) => !isReady(node)).map((node) => {
    const condition = node.status?.conditions?.find((entry) => entry.type === 'Ready');
    return `${node.metadata.name ?? ''} is not Ready: ${condition?.message ?? 'it has not reported yet'}`;
  });
  if (items.length < wanted) lines.push(`${wanted - items.length} of ${wanted} nodes have not registered; see the logs of their kubelets`);
  return lines.join('\n');
}

import { machineUsage, othersShare } from '../cluster/machine-usage';
import type { ToolResult } from '../load/load-tool';
import type { Figure } from '../report/figure';
import type { BenchContext } from './scenario';

/** Load generators have no client certificates: they bring the token of a ServiceAccount, which has a ClusterRole in its namespace. */
export async function toolToken({ api }: BenchContext, namespace: string, role: 'view' | 'edit'): Promise<string> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.send('POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bench' } });
  const group = 'rbac.authorization.k8s.io';
  await api.send('POST', `/apis/${group}/v1/namespaces/${namespace}/rolebindings`, {
    apiVersion: `${group}/v1`, kind: 'RoleBinding', metadata: { name: 'bench' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role }, subjects: [{ kind: 'ServiceAccount', name: 'bench', namespace }],
  });
  const { status } = (await api.send('POST', `${accounts}/bench/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  })) as { status: { token: string } };
  return status.token;
}

/** A load generator in C costs a fraction of our own client, which leaves the processors to the server. */
export async function byTool(context: BenchContext, scenario: string, what: string, run: () => Promise<ToolResult>): Promise<Figure> {
  const { cluster } = context;
  await context.quiet();
  const [machine, before] = [machineUsage(), cluster.cpu()];
  const { perSecond, clientCpuSeconds, ...detail } = await run();
  const servers = Object.entries(cluster.cpu()).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
  return {
    scenario, what, value: perSecond, unit: '/s', detail,
    othersShare: othersShare(machine, machineUsage(), servers.reduce((sum, [, value]) => sum + value, clientCpuSeconds)),
    cpuSeconds: { client: clientCpuSeconds, ...Object.fromEntries(servers) },
  };
}

import { relative } from 'node:path';
import { nodeAddress } from '../cluster/addresses';
import type { Layout } from '../cluster/layout';
import { npmRun } from '../cluster/npm-run';
import type { ClusterSettings } from '../cluster/settings';

/** What a person does after `up`. */
export function nextSteps(layout: Layout, settings: ClusterSettings): string {
  const real = settings.runtime === 'containerd';
  return `
Cluster "${settings.name}" is up: ${settings.nodes} ${real ? '' : 'simulated '}${settings.nodes === 1 ? 'node' : 'nodes'}${real ? ' with real containers' : ''}.

  export KUBECONFIG=${relative(process.cwd(), layout.kubeconfig)}
  kubectl get nodes -o wide
  kubectl create deployment web --image=navarch.local/web:1 --replicas=3
  kubectl get pods -o wide --watch
${real ? `  kubectl expose deployment web --port=80 --type=NodePort
  curl http://${nodeAddress(settings.subnet, 0)}:$(kubectl get service web -o jsonpath='{.spec.ports[0].nodePort}')
` : ''}
${npmRun('status', settings.name)} shows every process; ${npmRun('down', settings.name)} stops the cluster and keeps its state.
`;
}

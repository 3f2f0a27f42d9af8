import { nodeName } from '../cluster/addresses';
import { pkiFiles } from '../cluster/certificates';
import { nodeAddresses } from '../cluster/families';
import { appMain, controlPlaneAddress, extraFlags, type ClusterContext } from './cluster-context';
import { identityFlags } from './node-processes';
import type { ProcessSpec } from './process-spec';

const healthPort = 10263;

/** The way in by HTTP: ports 80 and 443 of the first node; one is enough. */
export function ingressSpec(context: ClusterContext): ProcessSpec {
  const { layout, settings, root } = context;
  const node = nodeName(0);
  const addresses = nodeAddresses(settings, 0);
  const [address = ''] = addresses;
  return {
    name: `ingress@${node}`,
    node,
    netns: layout.node(node).netns,
    command: process.execPath,
    args: [
      appMain(root, 'ingress'),
      ...identityFlags(`${controlPlaneAddress(context)}:${settings.ports.apiserverGrpc}`, pkiFiles(layout).component('ingress')),
      `--bind-address=${addresses.join()}`,
      `--publish-address=${addresses.join()}`,
      `--healthz-bind-address=${address}`,
      `--healthz-port=${healthPort}`,
      ...extraFlags(context, `ingress@${node}`),
    ],
    ports: [80, 443, healthPort],
    after: 'apiserver',
    health: { kind: 'http', url: `http://${address}:${healthPort}/readyz` },
  };
}

import type { CertificateFiles } from '@navarch/pki';
import { clusterDns, clusterDomain } from '../cluster/addresses';
import { pkiFiles } from '../cluster/certificates';
import { loadBalancerCidrs, podCidrs, serviceCidrs } from '../cluster/families';
import { etcdUrl, natsUrl } from './backing-services';
import { appMain, controlPlaneAddress, extraFlags, type ClusterContext } from './cluster-context';
import { identityFlags } from './node-processes';
import type { ProcessSpec } from './process-spec';

const clusterFlags = (context: ClusterContext, identity: CertificateFiles): string[] => identityFlags(`${controlPlaneAddress(context)}:${context.settings.ports.apiserverGrpc}`, identity);

export function apiserverSpec(context: ClusterContext): ProcessSpec {
  const { layout, settings, root } = context;
  const files = pkiFiles(layout);
  return {
    name: 'apiserver',
    command: process.execPath,
    args: [
      appMain(root, 'apiserver'),
      `--etcd-servers=${etcdUrl(context)}`, `--etcd-cafile=${files.apiserverEtcdClient.ca}`, `--etcd-certfile=${files.apiserverEtcdClient.cert}`, `--etcd-keyfile=${files.apiserverEtcdClient.key}`,
      '--bind-address=0.0.0.0', `--advertise-address=${controlPlaneAddress(context)}`, `--secure-port=${settings.ports.apiserver}`, `--grpc-port=${settings.ports.apiserverGrpc}`,
      `--tls-cert-file=${files.apiserver.cert}`, `--tls-private-key-file=${files.apiserver.key}`, `--client-ca-file=${files.ca.cert}`,
      `--kubelet-client-certificate=${files.apiserverKubeletClient.cert}`, `--kubelet-client-key=${files.apiserverKubeletClient.key}`, `--kubelet-certificate-authority=${files.ca.cert}`,
      `--requestheader-client-ca-file=${files.frontProxyClient.ca}`, '--requestheader-allowed-names=front-proxy-client',
      `--proxy-client-cert-file=${files.frontProxyClient.cert}`, `--proxy-client-key-file=${files.frontProxyClient.key}`,
      `--service-cluster-ip-range=${serviceCidrs(settings)}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local', `--service-account-key-file=${files.serviceAccountPublicKey}`, `--service-account-signing-key-file=${files.serviceAccountKey}`,
      '--authorization-mode=Node,RBAC',
      `--nats-servers=${natsUrl(context)}`, `--nats-cafile=${files.nats.ca}`, `--nats-account-seed-file=${files.bus.accountSeed}`,
      ...extraFlags(context, 'apiserver'),
    ],
    ports: [settings.ports.apiserver, settings.ports.apiserverGrpc],
    health: { kind: 'https', url: `https://127.0.0.1:${settings.ports.apiserver}/readyz`, identity: files.admin },
  };
}

export function schedulerSpec(context: ClusterContext): ProcessSpec {
  return leaderElected(context, 'scheduler', context.settings.ports.scheduler, []);
}

export function controllerManagerSpec(context: ClusterContext): ProcessSpec {
  const files = pkiFiles(context.layout);
  return leaderElected(context, 'controller-manager', context.settings.ports.controllerManager, [
    `--master=https://${controlPlaneAddress(context)}:${context.settings.ports.apiserver}`,
    `--cluster-cidr=${podCidrs(context.settings)}`,
    '--allocate-node-cidrs=true',
    `--service-cluster-ip-range=${serviceCidrs(context.settings)}`,
    `--root-ca-file=${files.ca.cert}`,
    `--cluster-signing-cert-file=${files.ca.cert}`,
    `--cluster-signing-key-file=${files.ca.key}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    '--controllers=*,bootstrap-signer-controller,token-cleaner-controller',
    ...(context.settings.runtime === 'containerd' ? [`--load-balancer-cidr=${loadBalancerCidrs(context.settings)}`] : []),
  ]);
}

function leaderElected(context: ClusterContext, app: string, port: number, flags: readonly string[]): ProcessSpec {
  const files = pkiFiles(context.layout);
  const identity = files.component(app);
  return {
    name: app,
    command: process.execPath,
    args: [
      appMain(context.root, app), ...clusterFlags(context, identity),
      '--bind-address=127.0.0.1', `--secure-port=${port}`, `--tls-cert-file=${identity.cert}`, `--tls-private-key-file=${identity.key}`, `--client-ca-file=${identity.ca}`,
      ...flags, ...extraFlags(context, app),
    ],
    ports: [port],
    health: { kind: 'https', url: `https://127.0.0.1:${port}/readyz`, identity: files.admin },
  };
}

/** DNS answers on the address that nodes share with the host; the Service kube-dns leads there. */
export function dnsSpec(context: ClusterContext): ProcessSpec {
  const { settings, root, layout } = context;
  const address = controlPlaneAddress(context);
  return {
    name: 'dns',
    command: process.execPath,
    args: [
      appMain(root, 'dns'), ...clusterFlags(context, pkiFiles(layout).component('dns')),
      `--bind-address=${address}`, `--port=${settings.ports.dns}`, `--advertise-address=${address}`, `--cluster-ip=${clusterDns}`, `--cluster-domain=${clusterDomain}`,
      '--healthz-bind-address=127.0.0.1', `--healthz-port=${settings.ports.dnsHealth}`,
      ...extraFlags(context, 'dns'),
    ],
    ports: [settings.ports.dns, settings.ports.dnsHealth],
    after: 'apiserver',
    health: { kind: 'http', url: `http://127.0.0.1:${settings.ports.dnsHealth}/readyz` },
  };
}

/** Routes from the host to the nodes' pods, for the apiserver and for people. */
export function hostRoutesSpec(context: ClusterContext): ProcessSpec {
  const { settings, root, layout } = context;
  return {
    name: 'network-agent',
    command: process.execPath,
    args: [
      appMain(root, 'network-agent'),
      ...clusterFlags(context, pkiFiles(layout).component('network-agent')),
      '--mode=routes',
      `--cluster-cidr=${podCidrs(settings)}`,
      `--load-balancer-cidr=${loadBalancerCidrs(settings)}`,
      '--healthz-bind-address=127.0.0.1',
      `--healthz-port=${settings.ports.networkAgent}`,
      ...extraFlags(context, 'network-agent'),
    ],
    ports: [settings.ports.networkAgent],
    after: 'apiserver',
    health: { kind: 'http', url: `http://127.0.0.1:${settings.ports.networkAgent}/readyz` },
  };
}

/** Serves metrics.k8s.io, by which kubectl top and autoscalers see usage; the apiserver passes requests on to it. */
export function metricsServerSpec(context: ClusterContext): ProcessSpec {
  const { settings, root, layout } = context;
  const files = pkiFiles(layout);
  const identity = files.component('metrics-server');
  const address = controlPlaneAddress(context);
  return {
    name: 'metrics-server',
    command: process.execPath,
    args: [
      appMain(root, 'metrics-server'), ...clusterFlags(context, identity), `--bind-address=${address}`, `--secure-port=${settings.ports.metricsServer}`, `--advertise-address=${address}`,
      `--tls-cert-file=${identity.cert}`, `--tls-private-key-file=${identity.key}`, `--requestheader-client-ca-file=${files.frontProxyClient.ca}`,
      '--healthz-bind-address=127.0.0.1', `--healthz-port=${settings.ports.metricsServerHealth}`,
      ...extraFlags(context, 'metrics-server'),
    ],
    ports: [settings.ports.metricsServer, settings.ports.metricsServerHealth],
    after: 'apiserver',
    health: { kind: 'http', url: `http://127.0.0.1:${settings.ports.metricsServerHealth}/readyz` },
  };
}

/** Makes claims' volumes, which are directories beside each node's own: the nodes of this host share its disk. */
export function localPathSpec(context: ClusterContext): ProcessSpec {
  const { settings, root, layout } = context;
  return {
    name: 'local-path',
    command: process.execPath,
    args: [
      appMain(root, 'local-path'), ...clusterFlags(context, pkiFiles(layout).component('local-path')),
      `--directory=${layout.node('{node}').volumes}`, '--healthz-bind-address=127.0.0.1', `--healthz-port=${settings.ports.localPath}`,
      ...extraFlags(context, 'local-path'),
    ],
    ports: [settings.ports.localPath],
    after: 'apiserver',
    health: { kind: 'http', url: `http://127.0.0.1:${settings.ports.localPath}/readyz` },
  };
}

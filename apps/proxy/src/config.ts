import { clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags } from '@navarch/component-base';
import { backends } from './backends/backends';
import { ipvsSchedulers } from './backends/ipvs/ipvs-options';

const modes = Object.keys(backends);

/** The proxy's flags, by upstream's names where it has them. */
export const proxyFlags = defineFlags({
  'config': { type: 'string', help: 'File with a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1); flags win over what it says.' },
  ...clusterFlags,
  ...healthzFlags('10256'),
  'metrics-bind-address': { type: 'string', default: '127.0.0.1:10249', help: 'Address, with a port or not, on which health and metrics are served as well; none serves nothing.' },
  'hostname-override': { type: 'string', required: true, help: 'Name of the node: its own endpoints are known by it.' },
  'cluster-cidr': { type: 'list', default: '10.244.0.0/16', help: 'Pod addresses, a range a family; traffic to services from elsewhere is masqueraded.' },
  'proxy-mode': { type: 'string', default: 'nftables', choices: [...modes, 'grpc'], help: 'How traffic is carried: by the kernel\'s nftables, iptables or ipvs, by this process, or by a data plane in another process.' },
  'nodeport-addresses': { type: 'list', help: 'Node ports are served on the node\'s addresses in these ranges, or on those that the Node names (primary); none: on all.' },
  'iptables-localhost-nodeports': { type: 'boolean', default: 'true', help: 'With --proxy-mode=iptables: serve node ports on 127.0.0.1 too, for which the kernel is made to route loopback addresses (route_localnet).' },
  'conntrack-max-per-core': { type: 'number', default: '32768', help: 'Connections that the kernel tracks, for each processor; 0 leaves its limit as it is.' },
  'conntrack-min': { type: 'number', default: '131072', help: 'As many at least, whatever --conntrack-max-per-core says.' },
  'conntrack-tcp-timeout-established': { type: 'duration', default: '24h', help: 'How long idle TCP connections are tracked; 0 leaves it as it is.' },
  'conntrack-tcp-timeout-close-wait': { type: 'duration', default: '1h', help: 'How long TCP connections in CLOSE_WAIT are tracked; 0 leaves it as it is.' },
  'conntrack-tcp-be-liberal': { type: 'boolean', help: 'Packets of TCP out of their window are no reason to call them invalid.' },
  'conntrack-udp-timeout': { type: 'duration', default: '0s', help: 'How long UDP that was not answered is tracked; 0 leaves it as it is.' },
  'conntrack-udp-timeout-stream': { type: 'duration', default: '0s', help: 'How long UDP that was answered is tracked; 0 leaves it as it is.' },
  'ipvs-scheduler': { type: 'string', default: 'rr', choices: ipvsSchedulers, help: 'With --proxy-mode=ipvs: how an endpoint is chosen, by the kernel\'s name.' },
  'ipvs-strict-arp': { type: 'boolean', help: 'With --proxy-mode=ipvs: answer ARP for an address on its own interface only (arp_ignore=1, arp_announce=2).' },
  'ipvs-tcp-timeout': { type: 'duration', default: '0s', help: 'How long ipvs keeps idle TCP connections; 0 leaves it as it is.' },
  'ipvs-tcpfin-timeout': { type: 'duration', default: '0s', help: 'How long ipvs keeps TCP connections after a FIN; 0 leaves it as it is.' },
  'ipvs-udp-timeout': { type: 'duration', default: '0s', help: 'How long ipvs keeps UDP; 0 leaves it as it is.' },
  'data-plane': { type: 'string', help: 'Address of the data plane with --proxy-mode=grpc: host:port, or unix:///path.' },
});

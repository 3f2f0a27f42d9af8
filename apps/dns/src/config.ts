import { clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags } from '@navarch/component-base';

/** The flags of `dns`. */
export const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10054'),
  'bind-address': { type: 'string', default: '0.0.0.0', help: 'Address to answer on.' },
  port: { type: 'number', default: '10053', help: 'Port to answer on, UDP and TCP.' },
  'advertise-address': { type: 'string', required: true, help: 'Address by which nodes reach this server.' },
  'cluster-ip': { type: 'string', default: '10.96.0.10', help: 'Cluster IP of the Service kube-dns.' },
  'cluster-domain': { type: 'string', default: 'cluster.local', help: 'Domain of the cluster\'s names.' },
  'resolv-conf': { type: 'string', default: '/etc/resolv.conf', help: 'Where the servers for all other names are read from.' },
  upstream: { type: 'list', help: 'Servers for all other names, instead of those of --resolv-conf.' },
  'stub-domains': { type: 'map', help: 'Domains with servers of their own: corp.example=10.0.0.1+10.0.0.2,...' },
  'cache-size': { type: 'number', default: '10000', help: 'Answers of other servers that are kept.' },
});

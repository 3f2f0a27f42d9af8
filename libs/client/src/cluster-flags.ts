import { accessSync } from 'node:fs';
import { defineFlags, type Config, type FlagTable, type ProcessContext } from '@navarch/component-base';
import { ClusterConnection } from './cluster-connection';
import { createInformerMetrics } from './informer-metrics';

/** How a component reaches the apiserver and NATS, and who it is there. */
export const clusterFlags = defineFlags({
  apiserver: { type: 'string', required: true, help: 'The apiserver\'s gRPC address, host:port.' },
  'certificate-authority': { type: 'string', required: true, help: 'CA that signed the certificates of the apiserver and of NATS.' },
  'client-certificate': { type: 'string', required: true, help: 'Client certificate: its names are who this process is.' },
  'client-key': { type: 'string', required: true, help: 'Key of the client certificate.' },
  'nats-servers': { type: 'list', help: 'NATS servers, instead of those that the apiserver names.' },
  'follow-by-watch': { type: 'boolean', help: 'Follow everything by gRPC watch and leave NATS alone.' },
});

/** The connection that the flags of `clusterFlags` describe. Nothing is connected before it is started. */
export function clusterConnection<F extends FlagTable>(
  config: Config<typeof clusterFlags>,
  context: Pick<ProcessContext<F>, 'name' | 'clock' | 'log' | 'registry'>,
  nodes?: readonly string[],
): ClusterConnection {
  // A file that is not there is to be told of now, though it is read for every connection.
  accessSync(config.certificateAuthority);
  const connection = new ClusterConnection(
    {
      name: context.name,
      apiserver: { address: config.apiserver, tls: { caFile: config.certificateAuthority, certFile: config.clientCertificate, keyFile: config.clientKey } },
      bus: !config.followByWatch,
      busCaFile: config.certificateAuthority,
      ...(config.natsServers.length > 0 ? { busServers: config.natsServers } : {}),
      ...(nodes ? { nodes } : {}),
    },
    { clock: context.clock, log: context.log },
  );
  createInformerMetrics(context.registry, () => connection.informers.states());
  return connection;
}

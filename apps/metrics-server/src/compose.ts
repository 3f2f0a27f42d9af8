import { readFileSync } from 'node:fs';
import { clusterConnection, KeptObjects } from '@navarch/client';
import { listenAddress, type Component, type ProcessContext } from '@navarch/component-base';
import { Gauge } from 'prom-client';
import type { flags } from './config';
import { MetricsServer } from './metrics-server';
import { registration } from './registration';
import { followUsage } from './usage-following';

/** Builds the process's components, in the order in which they start. */
export function compose(context: ProcessContext<typeof flags>): Component[] {
  const { config, clock, log, registry, health, signal } = context;
  const connection = clusterConnection(config, context);
  const { bus } = connection;
  if (bus === undefined) throw new Error('usage travels over NATS only: --follow-by-watch cannot be used here');
  const { store, api, components } = followUsage(config.metricMaxAge, { informers: connection.informers, bus, clock, signal });
  const server = new MetricsServer(
    {
      host: listenAddress(config.bindAddress),
      port: config.securePort,
      certFile: config.tlsCertFile,
      keyFile: config.tlsPrivateKeyFile,
      requestHeaderCaFile: config.requestheaderClientCaFile,
      allowedNames: config.requestheaderAllowedNames,
    },
    { api, log },
  );
  const ca = readFileSync(config.certificateAuthority, 'utf8');
  const objects = registration({ address: config.advertiseAddress, port: config.securePort, ca });
  const registered = new KeptObjects(objects, { client: connection.client, clock, log });
  health.addReady('registration', () => {
    if (!registered.ready) throw new Error('the APIService is not registered yet');
  });
  new Gauge({
    name: 'metrics_server_storage_points', help: 'Nodes with metrics.', registers: [registry],
    collect() {
      this.set(store.nodes);
    },
  });
  return [connection, ...components, server, registered];
}

import { readFileSync } from 'node:fs';
import { clusterConnection, clusterFlags, KeptObjects } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, listenAddress, runProcess } from '@navarch/component-base';
import { Gauge } from 'prom-client';
import { MetricsServer } from './metrics-server';
import { registration } from './registration';
import { followUsage } from './usage-following';

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10262'),
  'bind-address': { type: 'string', default: '0.0.0.0', help: 'Address on which the API is served.' },
  'secure-port': { type: 'number', default: '10261', help: 'Port on which the API is served.' },
  'advertise-address': { type: 'string', required: true, help: 'Address by which the apiserver reaches this server.' },
  'tls-cert-file': { type: 'string', required: true, help: 'Server certificate.' },
  'tls-private-key-file': { type: 'string', required: true, help: 'Key of the server certificate.' },
  'requestheader-client-ca-file': { type: 'string', required: true, help: 'CA of the certificate that the apiserver shows.' },
  'requestheader-allowed-names': { type: 'list', default: 'front-proxy-client', help: 'Common names which that certificate may have; none: any.' },
  'metric-max-age': { type: 'duration', default: '1m', help: 'Nodes that were silent for longer have no metrics.' },
});

void runProcess({
  name: 'metrics-server',
  flags,
  health: healthzServing,
  main: (context) => {
    const { config, clock, log, registry, health, signal } = context;
    const connection = clusterConnection(config, context);
    const { bus } = connection;
    if (bus === undefined) throw new Error('usage travels over NATS only: --follow-by-watch cannot be used here');
    const { store, api, components } = followUsage(config.metricMaxAge, { informers: connection.informers, bus, clock, signal });
    const server = new MetricsServer(
      { host: listenAddress(config.bindAddress), port: config.securePort, certFile: config.tlsCertFile, keyFile: config.tlsPrivateKeyFile, requestHeaderCaFile: config.requestheaderClientCaFile, allowedNames: config.requestheaderAllowedNames },
      { api, log },
    );
    const registered = new KeptObjects(registration({ address: config.advertiseAddress, port: config.securePort, ca: readFileSync(config.certificateAuthority, 'utf8') }), { client: connection.client, clock, log });
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
  },
});

import { clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags } from '@navarch/component-base';

/** The flags of `metrics-server`. */
export const flags = defineFlags({
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

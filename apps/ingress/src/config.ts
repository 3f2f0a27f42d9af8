import { clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags } from '@navarch/component-base';

/** The flags of `ingress`. */
export const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10263'),
  'bind-address': { type: 'list', default: '0.0.0.0', help: 'Addresses on which requests are taken; 0.0.0.0 stands for all of the machine.' },
  'http-port': { type: 'number', default: '80', help: 'Port for plain HTTP.' },
  'https-port': { type: 'number', default: '443', help: 'Port for HTTPS.' },
  'publish-address': { type: 'list', required: true, help: 'Addresses that the status of Ingresses shows, one or one of each family.' },
  'ingress-class': { type: 'string', default: 'navarch', help: 'The IngressClass that is made if missing; served are all that name the same controller.' },
});

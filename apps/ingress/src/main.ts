import { core, discovery, networking, type networkingv1 } from '@navarch/api';
import { clusterConnection, clusterFlags, keep, KeptObjects } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, runProcess, type Component } from '@navarch/component-base';
import { CertificateAuthority } from '@navarch/pki';
import { Certificates } from './certificates';
import { IngressMetrics } from './ingress-metrics';
import { IngressServer } from './ingress-server';
import { isOurs, RoutingTable } from './routing-table';
import { StatusWriter } from './status-writer';

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10263'),
  'bind-address': { type: 'string', default: '0.0.0.0', help: 'Address on which requests are taken.' },
  'http-port': { type: 'number', default: '80', help: 'Port for plain HTTP.' },
  'https-port': { type: 'number', default: '443', help: 'Port for HTTPS.' },
  'publish-address': { type: 'string', required: true, help: 'Address that the status of Ingresses shows.' },
  'ingress-class': { type: 'string', default: 'navarch', help: 'The IngressClass served; it is made if missing.' },
});

const controllerName = 'navarch.io/ingress';

const classOf = (name: string): networkingv1.IngressClass => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } }, spec: { controller: controllerName },
});

void runProcess({
  name: 'ingress',
  flags,
  health: healthzServing,
  main: async (context) => {
    const { config, clock, log, registry, signal, health } = context;
    const connection = clusterConnection(config, context);
    const { informers, client } = connection;
    const ingresses = informers.informer(networking.ingresses);
    const services = informers.informer(core.services);
    const slices = informers.informer(discovery.endpointslices, { indexes: { service: ({ metadata }) => [`${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`] } });
    const secrets = informers.informer(core.secrets, { alwaysWatch: true });
    const certificates = new Certificates({
      secret: (namespace, name) => secrets.get({ namespace, name }),
      onBad: (secret, error) => log.warn({ err: error, secret }, 'certificate cannot be used; the default one is shown instead'),
    });
    let routes = new RoutingTable([]);
    const read = (): void => {
      const ours = ingresses.list().filter((ingress) => isOurs(ingress, config.ingressClass));
      routes = new RoutingTable(ours);
      certificates.update(ours);
    };
    // Until all is known, a "no such host" would be wrong.
    const known: Component = {
      name: 'cluster-view',
      start: async () => {
        await Promise.all([ingresses, services, slices, secrets].map((informer) => informer.waitForSync(signal)));
        read();
        ingresses.addHandler({ onAdd: read, onUpdate: read, onDelete: read });
      },
      stop: () => Promise.resolve(),
    };
    const ca = await CertificateAuthority.create('Navarch ingress', clock);
    const server = new IngressServer(
      { host: config.bindAddress, httpPort: config.httpPort, httpsPort: config.httpsPort, defaultCertificate: await ca.issue({ commonName: 'Navarch ingress default certificate', usages: ['server auth'], hosts: ['ingress.local'] }) },
      {
        routes: () => routes, certificate: (name) => certificates.find(name), metrics: new IngressMetrics(registry), log,
        services: { service: (namespace, name) => services.get({ namespace, name }), slices: (namespace, name) => slices.byIndex('service', `${namespace}/${name}`) },
      },
    );
    const registered = new KeptObjects([keep({ type: networking.ingressclasses, wanted: classOf(config.ingressClass), isSame: () => true })], { client, clock, log });
    health.addReady('ingress-class', () => {
      if (!registered.ready) throw new Error('the IngressClass is not registered yet');
    });
    return [connection, known, server, registered, new StatusWriter({ className: config.ingressClass, address: config.publishAddress }, { ingresses, client, clock, log })];
  },
});

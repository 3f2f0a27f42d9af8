import { core, discovery, networking, type networkingv1 } from '@navarch/api';
import { clusterConnection, clusterFlags, keep, KeptObjects } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, listenAddress, runProcess, type Component } from '@navarch/component-base';
import { CertificateAuthority } from '@navarch/pki';
import { Certificates } from './certificates';
import { IngressMetrics } from './ingress-metrics';
import { IngressServer } from './ingress-server';
import { RoutingTable } from './routing-table';
import { controllerName, defaultClassAnnotation, ServedClasses } from './served-classes';
import { StatusWriter } from './status-writer';

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10263'),
  'bind-address': { type: 'list', default: '0.0.0.0', help: 'Addresses on which requests are taken; 0.0.0.0 stands for all of the machine.' },
  'http-port': { type: 'number', default: '80', help: 'Port for plain HTTP.' },
  'https-port': { type: 'number', default: '443', help: 'Port for HTTPS.' },
  'publish-address': { type: 'list', required: true, help: 'Addresses that the status of Ingresses shows, one or one of each family.' },
  'ingress-class': { type: 'string', default: 'navarch', help: 'The IngressClass that is made if missing; served are all that name the same controller.' },
});

const classOf = (name: string): networkingv1.IngressClass => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name, annotations: { [defaultClassAnnotation]: 'true' } }, spec: { controller: controllerName },
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
    const classes = informers.informer(networking.ingressclasses);
    const services = informers.informer(core.services);
    const slices = informers.informer(discovery.endpointslices, { indexes: { service: ({ metadata }) => [`${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`] } });
    const secrets = informers.informer(core.secrets, { alwaysWatch: true });
    const certificates = new Certificates({
      secret: (namespace, name) => secrets.get({ namespace, name }),
      onBad: (secret, error) => log.warn({ err: error, secret }, 'certificate cannot be used; the default one is shown instead'),
    });
    let routes = new RoutingTable([]);
    const isServed = (ingress: networkingv1.Ingress): boolean => new ServedClasses(config.ingressClass, classes.list()).has(ingress);
    const read = (): void => {
      const served = new ServedClasses(config.ingressClass, classes.list());
      const ours = ingresses.list().filter((ingress) => served.has(ingress));
      routes = new RoutingTable(ours);
      certificates.update(ours);
    };
    // Until all is known, a "no such host" would be wrong.
    const known: Component = {
      name: 'cluster-view',
      start: async () => {
        await Promise.all([ingresses, classes, services, slices, secrets].map((informer) => informer.waitForSync(signal)));
        read();
        for (const follow of [ingresses, classes]) follow.addHandler({ onAdd: read, onUpdate: read, onDelete: read });
      },
      stop: () => Promise.resolve(),
    };
    const ca = await CertificateAuthority.create('Navarch ingress', clock);
    const server = new IngressServer(
      { hosts: config.bindAddress.map((address) => listenAddress(address)), httpPort: config.httpPort, httpsPort: config.httpsPort, defaultCertificate: await ca.issue({ commonName: 'Navarch ingress default certificate', usages: ['server auth'], hosts: ['ingress.local'] }) },
      {
        routes: () => routes, certificate: (name) => certificates.find(name), metrics: new IngressMetrics(registry), log,
        services: { service: (namespace, name) => services.get({ namespace, name }), slices: (namespace, name) => slices.byIndex('service', `${namespace}/${name}`) },
      },
    );
    const registered = new KeptObjects([keep({ type: networking.ingressclasses, wanted: classOf(config.ingressClass), isSame: () => true })], { client, clock, log });
    health.addReady('ingress-class', () => {
      if (!registered.ready) throw new Error('the IngressClass is not registered yet');
    });
    return [connection, known, server, registered, new StatusWriter({ addresses: config.publishAddress }, { ingresses, classes, isServed, client, clock, log })];
  },
});

import { core, discovery, networking, type discoveryv1, type networkingv1 } from '@navarch/api';
import { clusterConnection, keep, KeptObjects } from '@navarch/client';
import { listenAddress, type Component, type ProcessContext } from '@navarch/component-base';
import { CertificateAuthority } from '@navarch/pki';
import { Certificates } from './certificates';
import type { flags } from './config';
import { IngressMetrics } from './ingress-metrics';
import { IngressServer } from './ingress-server';
import { RoutingTable } from './routing-table';
import { controllerName, defaultClassAnnotation, ServedClasses } from './served-classes';
import { StatusWriter } from './status-writer';

const classOf = (name: string): networkingv1.IngressClass => ({
  apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name, annotations: { [defaultClassAnnotation]: 'true' } }, spec: { controller: controllerName },
});

const serviceOf = ({ metadata: { namespace = '', labels } }: discoveryv1.EndpointSlice): string[] => [`${namespace}/${labels?.['kubernetes.io/service-name'] ?? ''}`];

/** Builds the process's components, in the order in which they start. */
export async function compose(context: ProcessContext<typeof flags>): Promise<Component[]> {
  const { config, clock, log, registry, signal, health } = context;
  const connection = clusterConnection(config, context);
  const { informers, client } = connection;
  const ingresses = informers.informer(networking.ingresses);
  const classes = informers.informer(networking.ingressclasses);
  const services = informers.informer(core.services);
  const slices = informers.informer(discovery.endpointslices, { indexes: { service: serviceOf } });
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
  const defaultCertificate = await ca.issue({ commonName: 'Navarch ingress default certificate', usages: ['server auth'], hosts: ['ingress.local'] });
  const server = new IngressServer(
    { hosts: config.bindAddress.map((address) => listenAddress(address)), httpPort: config.httpPort, httpsPort: config.httpsPort, defaultCertificate },
    {
      routes: () => routes, certificate: (name) => certificates.find(name), metrics: new IngressMetrics(registry), log,
      services: {
        service: (namespace, name) => services.get({ namespace, name }),
        slices: (namespace, name) => slices.byIndex('service', `${namespace}/${name}`),
      },
    },
  );
  const registered = new KeptObjects([keep({ type: networking.ingressclasses, wanted: classOf(config.ingressClass), isSame: () => true })], { client, clock, log });
  health.addReady('ingress-class', () => {
    if (!registered.ready) throw new Error('the IngressClass is not registered yet');
  });
  return [connection, known, server, registered, new StatusWriter({ addresses: config.publishAddress }, { ingresses, classes, isServed, client, clock, log })];
}

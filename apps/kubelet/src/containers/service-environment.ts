import { type corev1 } from '@navarch/api';
import { namespaceOf } from '../pods/pod-spec';

/** The service that every pod is told of, links or not. */
const masterService = { namespace: 'default', name: 'kubernetes' };

/** `WEB_SERVICE_HOST` and its like for the services a pod may see. */
export function serviceEnvironment(pod: corev1.Pod, services: readonly corev1.Service[]): Map<string, string> {
  const visible = new Map<string, corev1.Service>();
  for (const service of services) {
    const name = service.metadata.name ?? '';
    const { clusterIP } = service.spec ?? {};
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None') continue;
    const isMaster = service.metadata.namespace === masterService.namespace && name === masterService.name;
    const isLinked = pod.spec?.enableServiceLinks !== false && service.metadata.namespace === namespaceOf(pod);
    // A service of the pod's own namespace goes before the master service of the same name.
    if (isLinked || (isMaster && !visible.has(name))) visible.set(name, service);
  }
  const environment = new Map<string, string>();
  for (const name of [...visible.keys()].sort()) addService(environment, name, visible.get(name)?.spec);
  return environment;
}

function addService(environment: Map<string, string>, name: string, spec: corev1.ServiceSpec | undefined): void {
  const prefix = name.toUpperCase().replaceAll('-', '_');
  const ip = spec?.clusterIP ?? '';
  const host = ip.includes(':') ? `[${ip}]` : ip;
  environment.set(`${prefix}_SERVICE_HOST`, ip);
  for (const [index, { name: portName, port, protocol = 'TCP' }] of (spec?.ports ?? []).entries()) {
    const url = `${protocol.toLowerCase()}://${host}:${port}`;
    if (index === 0) {
      environment.set(`${prefix}_SERVICE_PORT`, String(port));
      environment.set(`${prefix}_PORT`, url);
    }
    if (portName) environment.set(`${prefix}_SERVICE_PORT_${portName.toUpperCase().replaceAll('-', '_')}`, String(port));
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    environment.set(link, url);
    environment.set(`${link}_PROTO`, protocol.toLowerCase());
    environment.set(`${link}_PORT`, String(port));
    environment.set(`${link}_ADDR`, ip);
  }
}

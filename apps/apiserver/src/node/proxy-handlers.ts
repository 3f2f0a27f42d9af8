import { core, type corev1 } from '@navarch/api';
import { badRequest, notFound, serviceUnavailable } from '@navarch/apimachinery';
import { toApiError } from '@navarch/rpc';
import type { ObjectReader } from '../pipeline';
import type { ConnectHandler, ConnectRequest } from '../registry/connect';
import { endpointsOf, slicesOf } from '../services/service-resolver';
import type { KubeletClient } from './kubelet-client';
import type { NodeConnections } from './node-connections';
import { findPod } from './pod-target';
import { proxiedName } from './proxied-name';
import { proxyTo, redirectedToRoot } from './reverse-proxy';

/** As upstream: what pods serve by TLS is reached, not trusted. */
const ANY_CERTIFICATE = { rejectUnauthorized: false } as const;

function urlOf(scheme: string, host: string, port: number, { rest, query }: ConnectRequest): URL {
  const url = new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`);
  url.pathname = rest === '' ? '/' : rest;
  url.search = query.toString();
  return url;
}

/** pods/<name>/proxy: straight to the pod's address. */
export function podProxyHandler(reader: ObjectReader): ConnectHandler {
  return async (connection) => {
    const { scheme, name, port } = proxiedName(connection.name);
    const { pod } = await findPod(reader, connection.namespace, name);
    const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
    const wanted = port === '' ? (ports[0]?.containerPort ?? 80) : /^\d+$/.test(port) ? Number(port) : ports.find((one) => one.name === port)?.containerPort;
    if (wanted === undefined) throw badRequest(`pod ${name} has no port ${JSON.stringify(port)}`);
    const ip = pod.status?.podIP ?? '';
    // A host's own addresses are not for everybody who may proxy to pods.
    if (ip === '' || ip.startsWith('127.')) throw badRequest('address not allowed');
    if (redirectedToRoot(connection)) return;
    await proxyTo(urlOf(scheme, ip, wanted, connection), connection, ANY_CERTIFICATE);
  };
}

/** The name of the service port that is meant; undefined when there is none. */
function portName(service: corev1.Service, asked: string): string | undefined {
  const ports = service.spec?.ports ?? [];
  if (asked === '') return ports.length === 1 ? (ports[0]?.name ?? '') : undefined;
  const found = ports.find(({ name, port }) => name === asked || String(port) === asked);
  return found && (found.name ?? '');
}

/** services/<name>/proxy: to one of its ready endpoints, which this server resolves itself (rules 6.3). */
export function serviceProxyHandler(reader: ObjectReader, random: (bound: number) => number): ConnectHandler {
  return async (connection) => {
    const { namespace } = connection;
    const { scheme, name, port } = proxiedName(connection.name);
    const service = reader.get(core.services, namespace, name);
    if (!service) throw notFound({ group: '', resource: 'services' }, name);
    const wanted = portName(service, port);
    if (wanted === undefined) throw serviceUnavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
    const endpoints = endpointsOf(slicesOf(reader, namespace, name), wanted);
    const chosen = endpoints[random(Math.max(endpoints.length, 1))];
    if (!chosen) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
    if (redirectedToRoot(connection)) return;
    await proxyTo(urlOf(scheme, chosen.ip, chosen.port, connection), connection, ANY_CERTIFICATE);
  };
}

/** nodes/<name>/proxy: the kubelet's own HTTP; statistics come by the node service where there is one. */
export function nodeProxyHandler(nodes: NodeConnections, kubelets: KubeletClient): ConnectHandler {
  return async (connection) => {
    const { response, rest, query, signal } = connection;
    const { name } = proxiedName(connection.name);
    const service = nodes.service(name);
    if (service && rest.startsWith('/stats/summary') && response) {
      const { summary } = await service.stats({}, { signal }).catch((error: unknown) => {
        throw toApiError(error);
      });
      response.setHeader('Content-Type', 'application/json');
      (response.end as (body: Buffer) => unknown).call(response, summary);
      return;
    }
    const url = kubelets.url(name, rest === '' ? '/' : rest, query);
    if (redirectedToRoot(connection)) return;
    await proxyTo(url, connection, await kubelets.credentials());
  };
}

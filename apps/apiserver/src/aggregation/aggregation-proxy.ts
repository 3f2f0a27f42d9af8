import type { apiregistrationv1 } from '@navarch/api';
import { isApiError } from '@navarch/apimachinery';
import type { Exchange } from '../http/exchange';
import { send } from '../http/respond';
import { proxyTo } from '../node/reverse-proxy';
import type { ServiceResolver } from '../services/service-resolver';
import { addressOf, type ReadProxyCertificate, type ServerAddress, userHeaders } from './aggregated-server';
import type { Aggregator } from './aggregator';

/** Passes requests for groups of other API servers on to them, with the user that this one has made out. */
export class AggregationProxy {
  constructor(private readonly deps: { readonly aggregator: Aggregator; readonly services: ServiceResolver; readonly certificate: ReadProxyCertificate }) {}

  /** Undefined: this server serves the path itself. */
  handle(exchange: Exchange): Promise<void> | undefined {
    const service = this.deps.aggregator.remoteFor(exchange.info.path);
    if (!service) return undefined;
    exchange.isServed = true;
    return this.pass(exchange, service);
  }

  private async pass(exchange: Exchange, service: apiregistrationv1.APIService): Promise<void> {
    const { services, certificate } = this.deps;
    let address: ServerAddress;
    try {
      address = await addressOf(service, exchange.request.url ?? '/', services, certificate);
    } catch (error) {
      if (!isApiError(error)) throw error;
      return send(exchange, 503, 'text/plain; charset=utf-8', 'service unavailable\n');
    }
    const { url, options } = address;
    const { user, request, response, upgrade, info, query, signal } = exchange;
    for (const [name, value] of Object.entries(exchange.headers)) response.setHeader(name, value);
    await proxyTo(url, {
      user, method: request.method ?? 'GET', namespace: info.namespace, name: info.name, subresource: info.subresource, rest: info.rest, query, request, response: upgrade ? undefined : response, upgrade, signal,
    }, options, userHeaders(user));
    exchange.status = response.statusCode;
  }
}

import type { ZPage, ZPages } from '@navarch/component-base';
import type { Exchange } from './exchange';
import type { PathRoutes } from './path-routes';
import { wantsPretty } from './pretty';
import { send } from './respond';

/** `/statusz` and `/flagz`: where this server stands and how it was started. */
export function registerZPages(routes: PathRoutes, zpages: ZPages): void {
  if (zpages.serves('statusz')) routes.at('/statusz', (exchange) => answer(exchange, zpages.statusz(exchange.request.headers.accept, routes.paths)));
  if (zpages.serves('flagz')) routes.at('/flagz', (exchange) => answer(exchange, zpages.flagz(exchange.request.headers.accept)));
}

function answer(exchange: Exchange, { status, contentType, body, warning }: ZPage): Promise<void> {
  if (warning !== undefined) exchange.warn(warning);
  const pretty = contentType === 'application/json' && wantsPretty(exchange);
  return send(exchange, status, contentType, pretty ? `${JSON.stringify(JSON.parse(body), undefined, 2)}\n` : body);
}

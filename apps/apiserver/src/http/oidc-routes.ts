import { jsonWebKeySet, openIdConfiguration } from '../auth/tokens/oidc-discovery';
import type { ServiceAccountTokens } from '../auth/tokens/service-account-tokens';
import type { Exchange } from './exchange';
import { getOnly, type PathRoutes } from './path-routes';
import { baseHeaders, send } from './respond';

const KEYS_PATH = '/openid/v1/jwks';
/** Verifiers may keep what they read for an hour, as upstream lets them. */
const CACHE = 'public, max-age=3600';

/** Lets others verify service-account tokens without asking for each (pkg/routes/openidmetadata.go). */
export class OidcRoutes {
  constructor(
    private readonly tokens: ServiceAccountTokens,
    private readonly advertised: () => string,
    /** `--service-account-jwks-uri` */
    private readonly keysUri?: string,
  ) {}

  register(paths: PathRoutes): void {
    paths.at('/.well-known/openid-configuration', getOnly((exchange) => this.answer(exchange, 'application/json', openIdConfiguration(this.tokens, this.keysUri ?? `https://${this.advertised()}${KEYS_PATH}`))));
    paths.at(KEYS_PATH, getOnly(async (exchange) => this.answer(exchange, 'application/jwk-set+json', await jsonWebKeySet(this.tokens))));
  }

  private answer(exchange: Exchange, contentType: string, body: object): Promise<void> {
    return send(exchange, 200, contentType, JSON.stringify(body), { ...baseHeaders(exchange, contentType), 'Cache-Control': CACHE });
  }
}

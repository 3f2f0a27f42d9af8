import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import { readFile } from 'node:fs/promises';
import { certificatesOf } from './auth/authentication/certificate-bundle';
import { ClientCertificateAuthenticator } from './auth/authentication/client-certificate';
import { RequestHeaderAuthenticator } from './auth/authentication/request-header';
import type { CachedAuthorizer } from './auth/fresh-authorizer';
import { issuerKeys } from './auth/oidc/issuer-keys';
import { OidcAuthenticator } from './auth/oidc/oidc-authenticator';
import { WebhookAuthorizer } from './auth/webhook/webhook-authorizer';
import { WebhookTokenAuthenticator } from './auth/webhook/webhook-token-authenticator';
import type { ApiserverConfig } from './config';
import type { Authenticator } from './pipeline';
import { KubeconfigEndpoint } from './services/kubeconfig-endpoint';

interface AuthDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Authenticators by certificate: users, and front proxies where there are any. */
export async function certificateAuthenticators(config: ApiserverConfig): Promise<Authenticator[]> {
  const file = config.requestheaderClientCaFile;
  if (file === undefined) return [new ClientCertificateAuthenticator()];
  const [clientCa, frontProxyCa] = await Promise.all([readFile(config.clientCaFile, 'utf8'), readFile(file, 'utf8')]);
  const headers = new RequestHeaderAuthenticator({
    clientCa: frontProxyCa, allowedNames: config.requestheaderAllowedNames, usernameHeaders: config.requestheaderUsernameHeaders, uidHeaders: config.requestheaderUidHeaders,
    groupHeaders: config.requestheaderGroupHeaders, extraHeaderPrefixes: config.requestheaderExtraHeadersPrefix,
  });
  return [headers, new ClientCertificateAuthenticator(certificatesOf(clientCa))];
}

/** Authenticators of tokens that others have issued. */
export async function foreignTokenAuthenticators(config: ApiserverConfig, audiences: readonly string[], { clock, log }: AuthDeps): Promise<Authenticator[]> {
  const found: Authenticator[] = [];
  const { oidcIssuerUrl: issuerUrl, oidcClientId: clientId, authenticationTokenWebhookConfigFile: webhook } = config;
  if (issuerUrl !== undefined) {
    if (clientId === undefined) throw new Error('oidc-issuer-url and oidc-client-id must be specified together if any oidc-related flags are set');
    if (!issuerUrl.startsWith('https://')) throw new Error(`--oidc-issuer-url: "${issuerUrl}" must use the https scheme`);
    const ca = config.oidcCaFile === undefined ? undefined : await readFile(config.oidcCaFile);
    const now = (): number => clock.now();
    found.push(new OidcAuthenticator({
      issuerUrl, clientId, usernameClaim: config.oidcUsernameClaim, usernamePrefix: config.oidcUsernamePrefix, groupsClaim: config.oidcGroupsClaim, groupsPrefix: config.oidcGroupsPrefix,
      requiredClaims: config.oidcRequiredClaim, signingAlgorithms: config.oidcSigningAlgs,
    }, { keys: issuerKeys(issuerUrl, ca, now), now, log }));
  }
  if (webhook !== undefined) found.push(new WebhookTokenAuthenticator({ audiences, ttlMs: config.authenticationTokenWebhookCacheTtl }, { endpoint: await KubeconfigEndpoint.load(webhook), clock, log }));
  return found;
}

/** The authorizer of mode Webhook, if it is one of those asked for. @throws when its file is missing */
export async function webhookAuthorizer(config: ApiserverConfig, { clock, log }: AuthDeps): Promise<CachedAuthorizer | undefined> {
  if (!config.authorizationMode.includes('Webhook')) return undefined;
  const file = config.authorizationWebhookConfigFile;
  if (file === undefined) throw new Error('authorization-mode Webhook\'s authorization config file not passed');
  const ttls = { allowedTtlMs: config.authorizationWebhookCacheAuthorizedTtl, deniedTtlMs: config.authorizationWebhookCacheUnauthorizedTtl };
  return new WebhookAuthorizer(ttls, { endpoint: await KubeconfigEndpoint.load(file), clock, log });
}

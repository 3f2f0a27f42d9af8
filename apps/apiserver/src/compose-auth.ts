import type { Clock } from '@navarch/clock';
import { type Component, type HistogramSeries, type Logger, SeriesHistogram } from '@navarch/component-base';
import { readFile } from 'node:fs/promises';
import type { Registry } from 'prom-client';
import { ClientCertificateAuthenticator } from './auth/authentication/client-certificate';
import { RequestHeaderAuthenticator } from './auth/authentication/request-header';
import { parsePolicyFile } from './auth/abac/policy-file';
import { AUTHORIZER_TYPES, isAuthorizerType, parseAuthorizationConfig, REVIEW_VERSIONS, type ReviewVersion } from './auth/authorization-config';
import { type AuthenticationConfig, parseAuthenticationConfig } from './auth/jwt/authentication-config';
import type { CompiledIssuer } from './auth/jwt/compiled-issuer';
import { askForClaim, issuerKeys } from './auth/jwt/issuer-keys';
import { JwtAuthenticator } from './auth/jwt/jwt-authenticator';
import { issuerOfFlags } from './auth/jwt/oidc-flags';
import type { NamedAuthorizer } from './auth/named-authorizers';
import { WebhookAuthorizer } from './auth/webhook/webhook-authorizer';
import { WebhookAuthorizerMetrics } from './auth/webhook/webhook-authorizer-metrics';
import { WebhookTokenAuthenticator } from './auth/webhook/webhook-token-authenticator';
import type { ApiserverConfig } from './config';
import { ReloadMetrics } from './config-file/reload-metrics';
import { ReloadedFile } from './config-file/reloaded-file';
import type { Trust } from './http/trust';
import type { Authenticator } from './pipeline';
import type { AnonymousRule } from './pipeline/authenticate';
import { KubeconfigEndpoint } from './services/kubeconfig-endpoint';

export interface AuthDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Registry;
  /** Tells servers of one cluster apart in metrics. */
  readonly serverIdHash: string;
}

/** Authenticators by certificate: users, and front proxies where there are any. */
export function certificateAuthenticators(config: ApiserverConfig, { clock, metrics, trust: { clients, proxies } }: Pick<AuthDeps, 'clock' | 'metrics'> & { readonly trust: Trust }): Authenticator[] {
  const expiration = clientCertificateExpiration(metrics);
  const shown = (validToMs: number): void => expiration.observe((validToMs - clock.now()) / 1000);
  const users = new ClientCertificateAuthenticator(clock, proxies && clients, shown);
  if (proxies === undefined) return [users];
  const headers = new RequestHeaderAuthenticator({
    authorities: proxies, allowedNames: config.requestheaderAllowedNames, usernameHeaders: config.requestheaderUsernameHeaders, uidHeaders: config.requestheaderUidHeaders,
    groupHeaders: config.requestheaderGroupHeaders, extraHeaderPrefixes: config.requestheaderExtraHeadersPrefix,
  }, clock);
  return [headers, users];
}

/** By upstream's name and buckets, in seconds: at once, half an hour, one, two, six, twelve hours, one, two, four days, a week, one, three, six months, a year. */
function clientCertificateExpiration(metrics: Registry): HistogramSeries {
  const buckets = [0, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 2_592_000, 7_776_000, 15_552_000, 31_104_000];
  return new SeriesHistogram({
    name: 'apiserver_client_certificate_expiration_seconds',
    help: 'Distribution of the remaining lifetime on the certificate used to authenticate a request.',
    labelNames: [],
    buckets,
    registers: [metrics],
  }).labels({});
}

/** Who shows what tokens of others, and who shows nothing. */
export interface ForeignAuthentication {
  /** Of tokens that others have issued. */
  readonly authenticators: readonly Authenticator[];
  readonly anonymous: AnonymousRule;
  /** What keeps up with changes of files. */
  readonly components: readonly Component[];
}

/** Upstream's: files are looked at this often, whether or not the system tells of changes. */
const RELOAD_EVERY_MS = 60_000;

/** @throws for files and flags that are wrong, or contradict each other */
export async function foreignAuthentication(config: ApiserverConfig, audiences: readonly string[], deps: AuthDeps): Promise<ForeignAuthentication> {
  const { clock, log } = deps;
  const { authenticationTokenWebhookConfigFile: webhook } = config;
  const jwt = config.authenticationConfig === undefined ? await jwtByFlags(config, deps) : await jwtByFile(config.authenticationConfig, config, deps);
  const asking =
    webhook === undefined
      ? []
      : [
          new WebhookTokenAuthenticator(
            {
              audiences,
              ttlMs: config.authenticationTokenWebhookCacheTtl,
              reviewVersion: reviewVersion('authentication-token-webhook-version', config.authenticationTokenWebhookVersion),
            },
            { endpoint: await KubeconfigEndpoint.load(webhook), clock, log },
          ),
        ];
  return { ...jwt, authenticators: [...jwt.authenticators, ...asking] };
}

function reviewVersion(flag: string, text: string): ReviewVersion {
  const found = REVIEW_VERSIONS.find((version) => version === text);
  if (found === undefined) throw new Error(`--${flag}: unsupported version ${JSON.stringify(text)}, supported versions are ${REVIEW_VERSIONS.map((version) => JSON.stringify(version)).join(', ')}`);
  return found;
}

function jwtAuthenticator(issuers: readonly CompiledIssuer[], { clock, log, metrics }: AuthDeps): JwtAuthenticator {
  const now = (): number => clock.now();
  return new JwtAuthenticator({ keysOf: (issuer) => issuerKeys(issuer, now), askForClaim, now, log, metrics }, issuers);
}

async function jwtByFlags(config: ApiserverConfig, deps: AuthDeps): Promise<ForeignAuthentication> {
  const { oidcIssuerUrl: issuerUrl, oidcClientId: clientId } = config;
  const anonymous = (): boolean => config.anonymousAuth;
  if (issuerUrl === undefined) return { authenticators: [], anonymous, components: [] };
  if (clientId === undefined) throw new Error('oidc-issuer-url and oidc-client-id must be specified together if any oidc-related flags are set');
  if (!issuerUrl.startsWith('https://')) throw new Error(`--oidc-issuer-url: "${issuerUrl}" must use the https scheme`);
  const issuer = issuerOfFlags({
    issuerUrl, clientId, usernameClaim: config.oidcUsernameClaim, usernamePrefix: config.oidcUsernamePrefix, groupsClaim: config.oidcGroupsClaim, groupsPrefix: config.oidcGroupsPrefix,
    requiredClaims: config.oidcRequiredClaim, signingAlgorithms: config.oidcSigningAlgs, certificateAuthority: config.oidcCaFile === undefined ? undefined : await readFile(config.oidcCaFile, 'utf8'),
  });
  return { authenticators: [jwtAuthenticator([issuer], deps)], anonymous, components: [] };
}

async function jwtByFile(path: string, config: ApiserverConfig, deps: AuthDeps): Promise<ForeignAuthentication> {
  if (config.oidcIssuerUrl !== undefined) throw new Error('authentication-config file and oidc-* flags are mutually exclusive');
  const load = (text: string): AuthenticationConfig => {
    const found = parseAuthenticationConfig(text, config.serviceAccountIssuer);
    if (found.anonymous && !config.anonymousAuth) throw new Error('--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file');
    return found;
  };
  const text = await readFile(path, 'utf8');
  const { issuers, anonymous } = explained('authentication-config', path, () => load(text));
  const authenticator = jwtAuthenticator(issuers, deps);
  const { enabled, paths } = anonymous ?? { enabled: config.anonymousAuth, paths: [] };
  const reloading = new ReloadedFile({
    name: 'authentication-config', path, everyMs: RELOAD_EVERY_MS,
    apply: (changed) => {
      const next = load(changed);
      // Upstream too takes over issuers only: doors do not open while nobody looks.
      if (JSON.stringify(next.anonymous) !== JSON.stringify(anonymous)) throw new Error('anonymous: Forbidden: changed from initial configuration file');
      authenticator.use(next.issuers);
    },
  }, text, { ...deps, observer: new ReloadMetrics('authentication', deps.serverIdHash, deps.metrics) });
  return { authenticators: [authenticator], anonymous: (asked) => enabled && (paths.length === 0 || (asked !== undefined && paths.includes(asked))), components: [reloading] };
}

function explained<T>(flag: string, path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`--${flag}=${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Who decides what may be done, in order. */
export interface ComposedAuthorization {
  readonly authorizers: readonly NamedAuthorizer[];
  /** Calls back when the file says something else; nothing to start where there is no file. */
  readonly reloading: (use: (authorizers: readonly NamedAuthorizer[]) => void) => Component | undefined;
}

/** @throws for files and flags that are wrong, or contradict each other */
export async function composeAuthorization(config: ApiserverConfig, deps: AuthDeps): Promise<ComposedAuthorization> {
  const { authorizationConfig: path } = config;
  if (path === undefined) return { authorizers: await authorizersByFlags(config, deps), reloading: () => undefined };
  if (config.authorizationWebhookConfigFile !== undefined || config.authorizationPolicyFile !== undefined || config.authorizationMode.join() !== 'Node,RBAC') {
    throw new Error('--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined');
  }
  const metrics = new WebhookAuthorizerMetrics(deps.metrics);
  const load = async (text: string): Promise<NamedAuthorizer[]> => Promise.all(parseAuthorizationConfig(text).map(async ({ type, name, webhook }) => {
    if (!webhook) return { type, name };
    const endpoint = await KubeconfigEndpoint.load(webhook.kubeConfigFile);
    return { type, name, webhook: new WebhookAuthorizer({ ...webhook, name }, { ...deps, endpoint, metrics }) };
  }));
  const text = await readFile(path, 'utf8');
  const authorizers = await load(text).catch((error: unknown) => explained('authorization-config', path, () => {
    throw error;
  }));
  return {
    authorizers,
    reloading: (use) => new ReloadedFile({
      name: 'authorization-config', path, everyMs: RELOAD_EVERY_MS,
      apply: async (changed) => use(await load(changed)),
    }, text, { ...deps, observer: new ReloadMetrics('authorization', deps.serverIdHash, deps.metrics) }),
  };
}

async function authorizersByFlags(config: ApiserverConfig, deps: AuthDeps): Promise<NamedAuthorizer[]> {
  const policyFile = config.authorizationPolicyFile;
  if (policyFile !== undefined && !config.authorizationMode.includes('ABAC')) throw new Error('cannot specify --authorization-policy-file without mode ABAC');
  return Promise.all(config.authorizationMode.map(async (mode) => {
    if (mode === 'ABAC') {
      if (policyFile === undefined) throw new Error('authorization-mode ABAC\'s authorization policy file not passed');
      return { type: mode, name: 'abac', policies: parsePolicyFile(await readFile(policyFile, 'utf8'), policyFile) };
    }
    if (!isAuthorizerType(mode)) throw new Error(`--authorization-mode: "${mode}" is not one of ABAC, ${AUTHORIZER_TYPES.join(', ')}`);
    if (mode !== 'Webhook') return { type: mode, name: mode.toLowerCase() };
    const file = config.authorizationWebhookConfigFile;
    if (file === undefined) throw new Error('authorization-mode Webhook\'s authorization config file not passed');
    const options = {
      name: 'default',
      authorizedTtlMs: config.authorizationWebhookCacheAuthorizedTtl,
      unauthorizedTtlMs: config.authorizationWebhookCacheUnauthorizedTtl,
      timeoutMs: 30_000,
      reviewVersion: reviewVersion('authorization-webhook-version', config.authorizationWebhookVersion),
      failurePolicy: 'NoOpinion',
      matchConditions: [],
    } as const;
    return { type: mode, name: 'default', webhook: new WebhookAuthorizer(options, { ...deps, endpoint: await KubeconfigEndpoint.load(file), metrics: new WebhookAuthorizerMetrics(deps.metrics) }) };
  }));
}

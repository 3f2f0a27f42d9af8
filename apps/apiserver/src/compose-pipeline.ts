import type { Clock } from '@navarch/clock';
import type { Component, FeatureGates, Logger } from '@navarch/component-base';
import { readFile } from 'node:fs/promises';
import type { Registry as MetricsRegistry } from 'prom-client';
import { loadPluginConfigurations } from './admission/plugin-configuration';
import { RegistryParams } from './admission/policies/policy-params';
import { RegistryVersions } from './admission/request-versions';
import { StaticTokenAuthenticator } from './auth/authentication/static-tokens';
import { createExtensions } from './auth/extensions';
import { ServiceAccountTokens } from './auth/tokens/service-account-tokens';
import { certificateAuthenticators, composeAuthorization, foreignAuthentication } from './compose-auth';
import type { ApiserverConfig } from './config';
import { serverIdHash } from './config-file/server-id';
import type { Trust } from './http/trust';
import type { PipelineExtensions } from './pipeline';
import type { AnonymousRule } from './pipeline/authenticate';
import { RegistryReader } from './registry/object-reader';
import { RegistryWriter } from './registry/object-writer';
import type { Registry } from './registry/registry';
import { KubeconfigCredentials } from './services/caller-credentials';
import { HttpsCaller } from './services/https-call';
import type { OwnDoor } from './services/own-door';
import { LazyEndpoint } from './services/kubeconfig-endpoint';
import { ServiceResolver } from './services/service-resolver';

/** What the pipeline is made of, besides the tokens that discovery of OpenID shows. */
export interface ComposedPipeline {
  readonly extensions: PipelineExtensions;
  readonly tokens: ServiceAccountTokens;
  /** Calls webhooks. */
  readonly caller: HttpsCaller;
  readonly anonymous: AnonymousRule;
  /** What keeps up with changes of configuration files. */
  readonly components: readonly Component[];
}

/** Reads the keys and makes authenticators, authorizers, admission plug-ins and hooks. */
export async function composePipeline(
  config: ApiserverConfig,
  deps: { readonly registry: Registry; readonly clock: Clock; readonly log: Logger; readonly metrics: MetricsRegistry; readonly features: FeatureGates; readonly trust: Trust; readonly own: OwnDoor },
): Promise<ComposedPipeline> {
  const signingKey = await readFile(config.serviceAccountSigningKeyFile, 'utf8');
  const verificationKeys = await Promise.all(config.serviceAccountKeyFile.map((file) => readFile(file, 'utf8')));
  const audiences = config.apiAudiences.length > 0 ? config.apiAudiences : config.serviceAccountIssuer;
  const [issuer, ...formerIssuers] = config.serviceAccountIssuer;
  if (issuer === undefined) throw new Error('--service-account-issuer is empty');
  const tokens = new ServiceAccountTokens(issuer, audiences, { signingKey, verificationKeys, formerIssuers });
  const reader = new RegistryReader(deps.registry);
  const caller = new HttpsCaller(new ServiceResolver(reader), deps.own);
  const authDeps = { ...deps, serverIdHash: serverIdHash() };
  const foreign = await foreignAuthentication(config, audiences, authDeps);
  const authorization = await composeAuthorization(config, authDeps);
  const configurations = await loadPluginConfigurations(config.admissionControlConfigFile);
  const extensions = createExtensions(
    {
      apiAudiences: audiences,
      admissionPlugins: { enable: config.enableAdmissionPlugins, disable: config.disableAdmissionPlugins, features: deps.features },
      bootstrapTokens: config.enableBootstrapTokenAuth,
      tokenRequests: { maxSeconds: Math.floor(config.serviceAccountMaxTokenExpiration / 1000), extend: config.serviceAccountExtendTokenExpiration },
      tolerationSeconds: { notReady: config.defaultNotReadyTolerationSeconds, unreachable: config.defaultUnreachableTolerationSeconds },
    },
    {
      certificateAuthenticators: certificateAuthenticators(config, deps),
      staticTokens: [
        new StaticTokenAuthenticator(deps.own.tokenLine, 'own'),
        ...(config.tokenAuthFile === undefined ? [] : [new StaticTokenAuthenticator(await readFile(config.tokenAuthFile, 'utf8'), config.tokenAuthFile)]),
      ],
      tokenAuthenticators: foreign.authenticators,
      authorizers: authorization.authorizers,
      reader,
      writer: new RegistryWriter(deps.registry),
      tokens,
      clock: deps.clock,
      log: deps.log,
      versions: new RegistryVersions(deps.registry),
      serves: (group, resource) => deps.registry.store(group, resource) !== undefined,
      caller,
      policies: { params: new RegistryParams(deps.registry) },
      plugins: {
        configurations,
        endpointOf: (file) => new LazyEndpoint(file),
        credentialsOf: (file) => new KubeconfigCredentials(file),
        resourcesOfKind: (group, version, kind) =>
          [...deps.registry.all()].filter(({ facts }) => facts.group === group && facts.version === version && facts.kind === kind).map(({ facts }) => facts),
      },
      metrics: deps.metrics,
    },
  );
  const reloading = authorization.reloading(extensions.useAuthorizers);
  return { extensions, tokens, caller, anonymous: foreign.anonymous, components: [...foreign.components, ...(reloading ? [reloading] : [])] };
}

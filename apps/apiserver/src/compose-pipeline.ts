import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import { readFile } from 'node:fs/promises';
import type { Registry as MetricsRegistry } from 'prom-client';
import { RegistryParams } from './admission/policies/policy-params';
import { RegistryVersions } from './admission/request-versions';
import { createExtensions } from './auth/extensions';
import { ServiceAccountTokens } from './auth/tokens/service-account-tokens';
import { certificateAuthenticators, foreignTokenAuthenticators, webhookAuthorizer } from './compose-auth';
import type { ApiserverConfig } from './config';
import type { PipelineExtensions } from './pipeline';
import { RegistryReader } from './registry/object-reader';
import { RegistryWriter } from './registry/object-writer';
import type { Registry } from './registry/registry';
import { HttpsCaller } from './services/https-call';
import { ServiceResolver } from './services/service-resolver';

/** What the pipeline is made of, besides the tokens that discovery of OpenID shows. */
export interface ComposedPipeline {
  readonly extensions: PipelineExtensions;
  readonly tokens: ServiceAccountTokens;
  /** Calls webhooks. */
  readonly caller: HttpsCaller;
}

/** Reads the keys and makes authenticators, authorizers, admission plug-ins and hooks. */
export async function composePipeline(config: ApiserverConfig, deps: { readonly registry: Registry; readonly clock: Clock; readonly log: Logger; readonly metrics: MetricsRegistry }): Promise<ComposedPipeline> {
  const signingKey = await readFile(config.serviceAccountSigningKeyFile, 'utf8');
  const verificationKeys = await Promise.all(config.serviceAccountKeyFile.map((file) => readFile(file, 'utf8')));
  const audiences = config.apiAudiences.length > 0 ? config.apiAudiences : [config.serviceAccountIssuer];
  const tokens = new ServiceAccountTokens(config.serviceAccountIssuer, audiences, { signingKey, verificationKeys });
  const reader = new RegistryReader(deps.registry);
  const caller = new HttpsCaller(new ServiceResolver(reader));
  const extensions = createExtensions(
    {
      authorizationModes: config.authorizationMode,
      apiAudiences: audiences,
      admissionPlugins: { enable: config.enableAdmissionPlugins, disable: config.disableAdmissionPlugins },
      tolerationSeconds: { notReady: config.defaultNotReadyTolerationSeconds, unreachable: config.defaultUnreachableTolerationSeconds },
    },
    {
      certificateAuthenticators: await certificateAuthenticators(config), tokenAuthenticators: await foreignTokenAuthenticators(config, audiences, deps), webhookAuthorizer: await webhookAuthorizer(config, deps),
      reader, writer: new RegistryWriter(deps.registry), tokens, clock: deps.clock, log: deps.log, versions: new RegistryVersions(deps.registry), caller, policies: { params: new RegistryParams(deps.registry), typeOf: ({ group, version, resource }) => deps.registry.served(group, version, resource)?.traits.codec.type }, metrics: deps.metrics,
    },
  );
  return { extensions, tokens, caller };
}

import { join } from 'node:path';
import { authentication, authorization } from '@navarch/api';
import type { ApiClient, ClusterConnection } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import { listenAddress, type ProcessContext } from '@navarch/component-base';
import type { kubeletFlags, KubeletConfig } from '../config';
import type { Kubelet } from '../kubelet';
import { kubeletConfiguration } from '../kubelet-configuration';
import type { KubeletOptions } from '../kubelet-options';
import type { StatsReader } from '../node-service/stats-summary';
import type { VolumeMeasures } from '../node-service/volume-stats';
import type { ContainerRuntime } from '../runtime';
import { Authentication } from './authentication';
import { Authorization } from './authorization';
import { machineRow } from './cadvisor-metrics';
import { HttpMetrics } from './http-metrics';
import { KubeletServer } from './kubelet-server';
import { MetricsPages } from './metrics-pages';
import { KubeletRoutes } from './routes';
import { tlsSettings } from './tls-settings';

export interface ServerDeps extends Pick<ProcessContext<typeof kubeletFlags>, 'clock' | 'log' | 'registry' | 'health' | 'zpages'> {
  readonly cluster: ClusterConnection;
  readonly kubelet: Kubelet;
  readonly stats: StatsReader;
  readonly volumes: VolumeMeasures;
  readonly runtime: ContainerRuntime;
  readonly options: KubeletOptions;
  readonly files: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
}

/** The HTTPS server at upstream's port. */
export function makeServer(config: KubeletConfig, deps: ServerDeps): KubeletServer {
  const { cluster, files, options, clock, log, registry } = deps;
  return new KubeletServer(
    {
      host: listenAddress(config.address),
      port: config.port,
      tls: { certFile: files.certFile, keyFile: files.keyFile, caFile: files.caFile },
      speaks: tlsSettings(config.tlsMinVersion, config.tlsCipherSuites),
    },
    {
      log,
      metrics: new HttpMetrics(registry),
      authentication: new Authentication(
        { anonymous: config.anonymousAuth, tokens: config.authenticationTokenWebhook, tokenCacheMs: config.authenticationTokenWebhookCacheTtl },
        { clock, reviewToken: (review) => cluster.client.create(authentication.tokenreviews, review) },
      ),
      authorization: authorizationOf(config, options.identity.name, { clock, client: cluster.client }),
      routes: routesOf(config, deps),
    },
  );
}

function routesOf(config: KubeletConfig, { kubelet, stats, volumes, runtime, options, clock, registry, health, zpages }: ServerDeps): KubeletRoutes {
  const { table } = kubelet;
  return new KubeletRoutes({
    table,
    runtime,
    stats,
    clock,
    streamIdleMs: config.streamingConnectionIdleTimeout,
    checkpoints: join(options.rootDir, 'checkpoints'),
    nodeLogs: '/var/log',
    serves: () => ({ debugging: config.enableDebuggingHandlers, logs: config.enableSystemLogHandler }),
    ...(config.enableSystemLogQuery ? { journalctl: 'journalctl' } : {}),
    metrics: new MetricsPages({
      registry,
      probes: kubelet.probeMetrics,
      slis: health.slis,
      stats,
      volumes,
      runtime,
      table,
      machine: () => machineRow(kubelet.machine),
      containerGroup: (pod, id) => kubelet.containerGroup(pod, id),
      clock,
    }),
    check: () => kubelet.checkRuntime(),
    configuration: () => kubeletConfiguration(config),
    zpages,
  });
}

function authorizationOf(config: KubeletConfig, nodeName: string, { clock, client }: { readonly clock: Clock; readonly client: ApiClient }): Pick<Authorization, 'allows'> {
  switch (config.authorizationMode) {
    case 'AlwaysAllow':
      return { allows: () => Promise.resolve(true) };
    case 'Webhook':
      return new Authorization(
        { allowedMs: config.authorizationWebhookCacheAuthorizedTtl, deniedMs: config.authorizationWebhookCacheUnauthorizedTtl },
        { nodeName, clock, review: (review) => client.create(authorization.subjectaccessreviews, review) },
      );
    default:
      throw new Error(`--authorization-mode: ${config.authorizationMode} is neither Webhook nor AlwaysAllow`);
  }
}

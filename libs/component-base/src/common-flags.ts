import { type Config, defineFlags, type FlagSpec } from './flag-table';
import { type HealthServerOptions } from './health-server';
import { type LeaderElectorOptions } from './leader-election';

/** What every process takes. */
export const commonFlags = defineFlags({
  v: { type: 'number', default: '0', help: 'Log verbosity: 4 shows debug lines, 6 all.' },
  version: { type: 'boolean', help: 'Print the version and exit.' },
  help: { type: 'boolean', shorthand: 'h', help: 'Print this help and exit.' },
  'feature-gates': { type: 'list', help: 'Features of upstream to switch on or off, such as ComponentFlagz=false; those that change nothing here are named in the log.' },
  'tap-socket': { type: 'string', help: 'Unix socket on which to tell what crosses this process\'s boundaries, to its owner only.' },
  'exit-when-network-lost': { type: 'boolean', help: 'End when this network namespace loses its interfaces: for a process in another container\'s namespace, whose restart joins the new one.' },
});

/** The flags of a certificate and of its key, for files that a process can do without; `help` is of the certificate. */
export function keyPairFlags<C extends string, K extends string>(cert: C, key: K, help: string) {
  const flags: Readonly<Record<string, FlagSpec<'string'>>> = { [cert]: { type: 'string', help }, [key]: { type: 'string', help: 'Key of that certificate.' } };
  return flags as { readonly [N in C | K]: { readonly type: 'string'; readonly help: string } };
}

/** The flags of processes that serve health and metrics by HTTPS, as upstream's scheduler and controller-manager do. */
export function secureServingFlags<const P extends string>(defaultPort: P) {
  return defineFlags({
    'bind-address': { type: 'string', default: '127.0.0.1', help: 'Address on which health, metrics and configuration are served.' },
    'secure-port': { type: 'number', default: defaultPort, help: 'Port on which they are served; 0 serves nothing.' },
    'tls-cert-file': { type: 'string', help: 'Server certificate; without it plain HTTP is served.' },
    'tls-private-key-file': { type: 'string', help: 'Key of the server certificate.' },
    'client-ca-file': { type: 'string', help: 'CA of the client certificates that may read metrics and configuration.' },
  });
}

/** The health server that the flags of `secureServingFlags` describe; undefined when port 0 turns it off. */
export function secureServing(config: Config<ReturnType<typeof secureServingFlags>>): HealthServerOptions | undefined {
  if (config.securePort === 0) return undefined;
  return {
    host: config.bindAddress,
    port: config.securePort,
    ...(config.tlsCertFile !== undefined && config.tlsPrivateKeyFile !== undefined
      ? { tls: { certFile: config.tlsCertFile, keyFile: config.tlsPrivateKeyFile, ...(config.clientCaFile === undefined ? {} : { caFile: config.clientCaFile }) } }
      : {}),
  };
}

/** The flags of processes that serve health and metrics by plain HTTP on their own node, as upstream's kubelet does. */
export function healthzFlags<const P extends string>(defaultPort: P) {
  return defineFlags({
    'healthz-bind-address': { type: 'string', default: '127.0.0.1', help: 'Address on which health and metrics are served.' },
    'healthz-port': { type: 'number', default: defaultPort, help: 'Port on which they are served; 0 serves nothing.' },
  });
}

/** The health server that the flags of `healthzFlags` describe; undefined when port 0 turns it off. */
export function healthzServing(config: Config<ReturnType<typeof healthzFlags>>): HealthServerOptions | undefined {
  return config.healthzPort === 0 ? undefined : { host: config.healthzBindAddress, port: config.healthzPort };
}

/** Upstream's leader election flags; `name` is the Lease competed for. */
export function leaderElectionFlags<const N extends string>(name: N) {
  return defineFlags({
    'leader-elect': { type: 'boolean', default: 'true', help: 'Compete for the lease and work only while leading.' },
    'leader-elect-lease-duration': { type: 'duration', default: '15s', help: 'How long others wait for a leader that went silent.' },
    'leader-elect-renew-deadline': { type: 'duration', default: '10s', help: 'How long a leader works on without a renewal; less than the lease duration.' },
    'leader-elect-retry-period': { type: 'duration', default: '2s', help: 'Wait between attempts.' },
    'leader-elect-resource-name': { type: 'string', default: name, help: 'Name of the Lease.' },
    'leader-elect-resource-namespace': { type: 'string', default: 'kube-system', help: 'Namespace of the Lease.' },
  });
}

/** The elector options that the flags of `leaderElectionFlags` describe. */
export function leaderElection(config: Config<ReturnType<typeof leaderElectionFlags>>): LeaderElectorOptions {
  return {
    name: config.leaderElectResourceName,
    namespace: config.leaderElectResourceNamespace,
    leaseDurationMs: config.leaderElectLeaseDuration,
    renewDeadlineMs: config.leaderElectRenewDeadline,
    retryPeriodMs: config.leaderElectRetryPeriod,
  };
}

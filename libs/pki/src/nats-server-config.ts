import { type BusOperator, subjectOfJwt } from './bus-credentials';

export interface NatsServerOptions {
  readonly host: string;
  readonly port: number;
  /** Serves /healthz and /varz by plain HTTP, on loopback. */
  readonly monitorPort?: number;
  readonly serverName?: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
  /** Several servers that act as one; who they are is given by `--routes`, so that all can share this configuration. They know each other by certificate. */
  readonly cluster?: { readonly name: string; readonly port: number };
  readonly operator: Pick<BusOperator, 'operatorJwt' | 'systemAccountJwt' | 'accountJwt'>;
}

/** The configuration of a nats-server (2.9 or later) in operator mode, its accounts preloaded in memory. */
export function natsServerConfig(options: NatsServerOptions): string {
  const { operator, tls, cluster } = options;
  const quote = (text: string): string => JSON.stringify(text);
  const system = subjectOfJwt(operator.systemAccountJwt);
  return [
    ...(options.serverName === undefined ? [] : [`server_name: ${quote(options.serverName)}`]),
    `host: ${quote(options.host)}`,
    `port: ${options.port}`,
    ...(options.monitorPort === undefined ? [] : [`http: ${quote(`127.0.0.1:${options.monitorPort}`)}`]),
    ...(tls ? ['tls {', `  cert_file: ${quote(tls.certFile)}`, `  key_file: ${quote(tls.keyFile)}`, `  ca_file: ${quote(tls.caFile)}`, '  timeout: 5', '}'] : []),
    ...(cluster === undefined ? [] : [
      'cluster {', `  name: ${quote(cluster.name)}`, `  listen: ${quote(`${options.host}:${cluster.port}`)}`,
      ...(tls ? ['  tls {', `    cert_file: ${quote(tls.certFile)}`, `    key_file: ${quote(tls.keyFile)}`, `    ca_file: ${quote(tls.caFile)}`, '    verify: true', '    timeout: 5', '  }'] : []),
      '}',
    ]),
    // Above the largest delta (512 KiB and its envelope), the protocol's default.
    'max_payload: 1048576',
    'max_pending: 67108864',
    // A client's JWT comes in one line, and one that names many subjects (a viewer's, or of a group of nodes) is longer than the 4 KiB that is the default.
    'max_control_line: 1048576',
    `operator: ${quote(operator.operatorJwt)}`,
    `system_account: ${system}`,
    'resolver: MEMORY',
    'resolver_preload {',
    `  ${system}: ${quote(operator.systemAccountJwt)}`,
    `  ${subjectOfJwt(operator.accountJwt)}: ${quote(operator.accountJwt)}`,
    '}',
    '',
  ].join('\n');
}

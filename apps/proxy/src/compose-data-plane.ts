import type { Clock } from '@navarch/clock';
import type { Config, Logger } from '@navarch/component-base';
import { connect } from '@navarch/rpc';
import { cleanUpOthers, createBackend, ExclusiveDataPlane, type ProxyMode } from './backends/backends';
import type { DataPlane } from './backends/data-plane';
import { DeferredDataPlane } from './backends/deferred-data-plane';
import type { IpvsOptions } from './backends/ipvs/ipvs-options';
import { kernelFamilies } from './backends/kernel-families';
import { withNftSession } from './backends/nftables/nft-session';
import { ObservedDataPlane } from './backends/observed-data-plane';
import { RemoteDataPlane } from './backends/remote/remote-data-plane';
import { runCommand } from './backends/run-command';
import type { proxyFlags } from './config';
import { ConntrackDataPlane } from './conntrack/conntrack-data-plane';
import type { ProxyMetrics } from './proxy-metrics';

export interface DataPlaneDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ProxyMetrics;
  /** Ranges in which node ports are served; undefined while the node does not tell its addresses. */
  readonly nodePortAddresses: () => readonly string[] | undefined;
  readonly serviceRanges: () => readonly string[];
}

/** The back end that the flags ask for, which first takes away what another one has left. */
export function dataPlaneOf(config: Config<typeof proxyFlags>, { clock, log, metrics, nodePortAddresses, serviceRanges }: DataPlaneDeps): DataPlane {
  const kernel = kernelFamilies();
  const alone = (plane: DataPlane): DataPlane => new ExclusiveDataPlane(plane, () => cleanUpOthers(config.proxyMode as ProxyMode | 'grpc', runCommand, kernel, log));
  // One in another process carries both families, and is measured as one.
  if (config.proxyMode === 'grpc') return alone(new ObservedDataPlane(remoteDataPlane(config), 'IPv4', metrics));
  const mode = config.proxyMode as ProxyMode;
  const known = (): readonly string[] => {
    const ranges = nodePortAddresses();
    if (ranges === undefined) throw new Error('the node does not tell its addresses yet, which node ports are to be served at');
    return ranges;
  };
  const plane = new DeferredDataPlane(mode, () => createBackend(mode, {
    clusterCidrs: config.clusterCidr,
    nodePortAddresses: known(),
    tcpBeLiberal: config.conntrackTcpBeLiberal,
    localhostNodePorts: config.iptablesLocalhostNodeports,
    serviceRanges,
    run: withNftSession(runCommand, log).run,
    clock,
    ipvs: ipvsOptions(config),
  }, kernel, log, metrics));
  // A process that carries the datagrams itself has no flows that outlive their endpoint.
  return alone(mode === 'userspace' ? plane : new ConntrackDataPlane(plane, runCommand, log, metrics));
}

function remoteDataPlane({ dataPlane: address, certificateAuthority, clientCertificate, clientKey }: Config<typeof proxyFlags>): DataPlane {
  if (address === undefined) throw new Error('--data-plane is required with --proxy-mode=grpc');
  const tls = { caFile: certificateAuthority, certFile: clientCertificate, keyFile: clientKey };
  return new RemoteDataPlane(connect({ address, ...(address.startsWith('unix:') ? {} : { tls }) }));
}

function ipvsOptions(config: Config<typeof proxyFlags>): IpvsOptions {
  return {
    scheduler: config.ipvsScheduler,
    strictArp: config.ipvsStrictArp,
    tcpTimeoutMs: config.ipvsTcpTimeout,
    tcpFinTimeoutMs: config.ipvsTcpfinTimeout,
    udpTimeoutMs: config.ipvsUdpTimeout,
  };
}

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { GIT_VERSION, hostAddress, hostPort, parseDuration } from '@navarch/component-base';
import { allocatableOptions } from './cgroups/node-allocatable';
import { type KubeletConfig } from './config';
import { parseResolvConf, type DnsSettings } from './containers/dns-config';
import { parseCpuSet } from './cpus/cpu-set';
import { parseThresholds, withAllocatableMemory, withDefaults, type Threshold } from './eviction/thresholds';
import { type KubeletOptions } from './kubelet-options';
import { type Reservations } from './node/node-resources';
import { maxBackoffMs } from './pods/backoff';
import { gracesFromPeriods, type PriorityGrace } from './shutdown/plan-shutdown';
import { swapBehaviors } from './containers/container-swap';
import { verificationPolicies } from './images/image-access';
import { placementOptions } from './topology/placement-options';
import { wholeValue } from './quantities';

/** What the flags mean; throws an Error that names the flag when one makes no sense. */
export function kubeletOptions(config: KubeletConfig): KubeletOptions {
  const name = (config.hostnameOverride ?? hostname()).toLowerCase();
  const thresholds = parseThresholds({
    hard: config.mergeDefaultEvictionSettings ? withDefaults(config.evictionHard) : config.evictionHard,
    soft: config.evictionSoft ?? '',
    softGrace: config.evictionSoftGracePeriod,
    minimumReclaim: config.evictionMinimumReclaim,
  });
  const hard = hardAmounts(thresholds);
  const allocatable = allocatableOptions(config.enforceNodeAllocatable, { system: config.systemReservedCgroup ?? '', kube: config.kubeReservedCgroup ?? '' });
  const addresses = config.nodeIp.length > 0 ? config.nodeIp : [hostAddress() ?? '127.0.0.1'];
  return {
    identity: {
      name,
      hostname: name,
      addresses,
      labels: config.nodeLabels,
      taints: config.registerWithTaints.map(parseTaint),
      unschedulable: !config.registerSchedulable,
      providerId: config.providerId ?? '',
      ...(config.cloudProvider === 'external' ? { cloud: { nodeIps: config.nodeIp } } : {}),
      nodeService: hostPort(addresses[0] ?? '', config.nodeServicePort),
      port: config.port,
      kubeletVersion: GIT_VERSION,
    },
    register: config.registerNode,
    rootDir: config.rootDir,
    podLogsDir: config.podLogsDir ?? join(config.rootDir, 'pod-logs'),
    cgroupRoot: config.cgroupRoot ?? '',
    clusterDns: config.clusterDns,
    clusterDomain: config.clusterDomain,
    hostDns: hostDns(config.resolvConf),
    servesPlugins: true,
    maxPods: config.maxPods,
    podsPerCore: notNegative('podsPerCore', 'pods-per-core', config.podsPerCore),
    podManifestPath: config.podManifestPath ?? '',
    manifestUrl: config.manifestUrl ?? '',
    manifestUrlHeaders: Object.fromEntries(config.manifestUrlHeader.map(parseHeader)),
    fileCheckMs: config.fileCheckFrequency,
    httpCheckMs: config.httpCheckFrequency,
    shutdownGraces: shutdownGraces(config),
    allowedUnsafeSysctls: config.allowedUnsafeSysctls,
    reservations: { ...reservedFor(config), evictionHard: hard },
    allocatable,
    placement: placementOptions(config, hard['memory.available']?.endsWith('%') === true ? 0 : wholeValue(hard['memory.available'])),
    cpuReconcileMs: config.cpuManagerReconcilePeriod,
    podMaxPids: config.podMaxPids,
    singleProcessOomKill: config.singleProcessOomKill,
    failSwapOn: config.failSwapOn,
    failCgroupV1: config.failCgroupv1,
    protectKernelDefaults: config.protectKernelDefaults,
    isolatesLocalStorage: config.localStorageCapacityIsolation,
    // The flag's table has the same choices.
    swapBehavior: swapBehaviors.find((behavior) => behavior === config.memorySwapBehavior) ?? 'NoSwap',
    eviction: {
      thresholds: allocatable.enforce.includes('pods') ? withAllocatableMemory(thresholds) : thresholds,
      transitionMs: config.evictionPressureTransitionPeriod,
      maxGraceSeconds: config.evictionMaxPodGracePeriod,
      isolatesLocalStorage: config.localStorageCapacityIsolation,
    },
    maxParallelImagePulls: config.serializeImagePulls ? 1 : config.maxParallelImagePulls,
    pullLimit: {
      perSecond: notNegative('registryPullQPS', 'registry-qps', config.registryQps),
      burst: notNegative('registryBurst', 'registry-burst', config.registryBurst),
    },
    cpuQuota: config.cpuCfsQuota,
    imageAccess: {
      policy: verificationPolicies.find((policy) => policy === config.imagePullCredentialsVerificationPolicy) ?? 'NeverVerifyPreloadedImages',
      allowlist: config.preloadedImagesVerificationAllowlist,
    },
    seccompDefault: config.seccompDefault,
    maxRestartWaitMs: restartWait(config.maxContainerRestartPeriod),
    imageMaxAgeMs: config.imageMaximumGcAge,
    syncFrequencyMs: config.syncFrequency,
    nodeStatusUpdateMs: config.nodeStatusUpdateFrequency,
    nodeStatusReportMs: config.nodeStatusReportFrequency,
    nodeStatusMaxImages: maxImages(config.nodeStatusMaxImages),
    leaseDurationSeconds: config.nodeLeaseDurationSeconds,
    relistMs: config.relistPeriod,
    containerLogMaxBytes: wholeValue(config.containerLogMaxSize),
    containerLogMaxFiles: config.containerLogMaxFiles,
    ...logChecks(config),
    imageGcHighPercent: config.imageGcHighThreshold,
    imageGcLowPercent: config.imageGcLowThreshold,
    imageMinAgeMs: config.minimumImageTtlDuration,
  };
}

function notNegative(field: string, flag: string, value: number): number {
  if (value < 0) throw new Error(`invalid configuration: ${field} (--${flag}) ${value} must not be a negative number`);
  return value;
}

function maxImages(count: number): number {
  if (count < -1) throw new Error('invalid configuration: nodeStatusMaxImages (--node-status-max-images) must be -1 or greater');
  return count;
}

/** Upstream's bounds: to look costs a call for each container. */
function logChecks({
  containerLogMonitorInterval: ms,
  containerLogMaxWorkers: workers,
}: Pick<KubeletConfig, 'containerLogMonitorInterval' | 'containerLogMaxWorkers'>): Pick<KubeletOptions, 'containerLogCheckMs' | 'containerLogWorkers'> {
  if (workers < 1) throw new Error('invalid configuration: containerLogMaxWorkers must be greater than or equal to 1');
  if (ms < 3_000) throw new Error('invalid configuration: containerLogMonitorInterval must be a positive time duration greater than or equal to 3s');
  return { containerLogCheckMs: ms, containerLogWorkers: workers };
}

/** Upstream's bounds. */
function restartWait(ms: number): number {
  if (ms < 1_000 || ms > maxBackoffMs) throw new Error('--max-container-restart-period must be between 1s and 300s');
  return ms;
}

function parseTaint(text: string): corev1.Taint {
  const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? [];
  if (key === undefined || effect === undefined) throw new Error(`--register-with-taints: ${text} is not key=value:effect`);
  return { key, effect, ...(value === undefined || value === '' ? {} : { value }) };
}

/** By priority where that is given, else by the two periods. */
export function shutdownGraces(config: Pick<KubeletConfig, 'shutdownGracePeriod' | 'shutdownGracePeriodCriticalPods' | 'shutdownGracePeriodByPodPriority'>): PriorityGrace[] {
  const byPriority = Object.entries(config.shutdownGracePeriodByPodPriority);
  if (byPriority.length === 0) return gracesFromPeriods(config.shutdownGracePeriod, config.shutdownGracePeriodCriticalPods);
  return byPriority.map(([priority, text]) => {
    const graceMs = parseDuration(text);
    if (!Number.isInteger(Number(priority)) || graceMs === undefined) throw new Error(`--shutdown-grace-period-by-pod-priority: ${priority}=${text} is not priority=duration`);
    return { priority: Number(priority), graceMs };
  });
}

/** Processors reserved by number take the place of those reserved by amount. */
export function reservedFor({
  kubeReserved,
  systemReserved,
  reservedCpus,
}: Pick<KubeletConfig, 'kubeReserved' | 'systemReserved' | 'reservedCpus'>): Pick<Reservations, 'kubeReserved' | 'systemReserved'> {
  if (reservedCpus === undefined) return { kubeReserved, systemReserved };
  return { kubeReserved: { ...kubeReserved, cpu: '0' }, systemReserved: { ...systemReserved, cpu: String(parseCpuSet(reservedCpus).length) } };
}

function parseHeader(text: string): [string, string] {
  const colon = text.indexOf(':');
  if (colon <= 0) throw new Error(`--manifest-url-header: ${text} is not name:value`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

/** The hard thresholds by signal, as resources are counted by them. */
function hardAmounts(thresholds: readonly Threshold[]): Record<string, string> {
  return Object.fromEntries(thresholds.filter(({ graceMs }) => graceMs === 0).map(({ signal, amount }) => [signal, 'percent' in amount ? `${amount.percent}%` : amount.quantity]));
}

function hostDns(path: string): DnsSettings {
  return path === '' ? { servers: [], searches: [], options: [] } : parseResolvConf(readFileSync(path, 'utf8'));
}

import { mkdir } from 'node:fs/promises';
import { type Component } from '@navarch/component-base';
import { type KubeletDeps } from './kubelet-deps';
import { type KubeletOptions } from './kubelet-options';
import { type KubeletParts } from './kubelet-parts';
import { checkKernelSettings } from './node/kernel-settings';

/** One step of a kubelet's start, and what takes it back. */
interface Step {
  readonly name: string;
  readonly start?: () => void | Promise<void>;
  readonly stop?: () => void | Promise<void>;
}

export interface StepOptions {
  /** The kubelet is stopping. */
  readonly signal: AbortSignal;
  /** Whether the kubelet serves its pods. */
  readonly onReady: (isReady: boolean) => void;
}

const retryMs = 1_000;
/** What upstream says of version 1 of control groups. */
const cgroupV1Warning = 'cgroup v1 support is unsupported and will be removed in a future release';

/** A kubelet's start in its order; its stop is the same backwards. */
export function kubeletSteps(parts: KubeletParts, options: KubeletOptions, deps: KubeletDeps, { signal, onReady }: StepOptions): Component[] {
  const { informers, users, cgroups, allocatable, plugins, placement, podResources, images, volumes, node, watcher, pods, housekeeping } = parts;
  const { clock, log, metrics } = deps;
  const untilItWorks = async (what: string, act: () => Promise<void>): Promise<void> => {
    for (;;) {
      try {
        await act();
        return;
      } catch (error) {
        signal.throwIfAborted();
        log.info({ err: error, waitingFor: what }, 'the runtime does not answer yet');
        await clock.sleep(retryMs, signal);
      }
    }
  };
  const steps: Step[] = [
    {
      name: 'kernel',
      start: async () => {
        if (options.failCgroupV1 && deps.cgroups?.version === 1) throw new Error(`kubelet is configured to not run on a host using cgroup v1. ${cgroupV1Warning}`);
        if (options.protectKernelDefaults) await checkKernelSettings();
      },
    },
    { name: 'root directory', start: () => mkdir(options.rootDir, { recursive: true, mode: 0o750 }).then(() => undefined) },
    { name: 'volumes', start: () => volumes.start() },
    { name: 'user namespaces', start: () => users.start() },
    { name: 'control groups', start: () => cgroups.start() },
    {
      name: 'machine',
      start: async () => {
        const machine = await node.node.inspect();
        metrics.nodeStart.bootedMs = clock.now() - machine.uptimeMs;
        if (options.failSwapOn && machine.swap.bytes > 0) throw new Error('running with swap on is not supported, please disable swap or set --fail-swap-on flag to false');
        await allocatable.start(machine);
        await placement.start(machine);
      },
      stop: () => Promise.all([allocatable.stop(), placement.stop()]).then(() => undefined),
    },
    { name: 'runtime version', start: () => untilItWorks('runtime version', () => node.node.meetRuntime()) },
    { name: 'image records', start: () => untilItWorks('runtime images', () => images.records.start(() => deps.runtime.listImages())) },
    { name: 'runtime state', start: () => node.runtimeState.start(), stop: () => node.runtimeState.stop() },
    { name: 'node registration', start: () => node.registration.start(), stop: () => node.registration.stop() },
    { name: 'node lease', start: () => node.lease.start(), stop: () => node.lease.stop() },
    ...(options.servesPlugins ? [{ name: 'device plug-ins', start: () => plugins.devices.start(), stop: () => plugins.devices.stop() }] : []),
    { name: 'resource claims', start: () => plugins.claims.start(), stop: () => plugins.claims.stop() },
    { name: 'drivers', stop: () => [plugins.csiDrivers, plugins.draDrivers].forEach((drivers) => drivers.close()) },
    { name: 'volume limits', stop: () => plugins.volumeLimits.stop() },
    { name: 'resource slices', start: () => plugins.slices.start(), stop: () => plugins.slices.stop() },
    ...(options.servesPlugins ? [
      { name: 'CSINode', start: () => plugins.csiNode.start(), stop: () => plugins.csiNode.stop() },
      { name: 'pod resources', start: () => podResources.start(), stop: () => podResources.stop() },
      { name: 'plug-in watcher', start: () => plugins.watcher.start(), stop: () => plugins.watcher.stop() },
    ] : []),
    { name: 'statuses', stop: () => pods.statuses.stop() },
    // Begun last, and stopped after whoever gives it pods.
    { name: 'pod table', stop: () => pods.table.stop() },
    {
      name: 'runtime watcher',
      start: () => {
        deps.events.node('Normal', 'Starting', 'Starting kubelet.');
        if (deps.cgroups?.version === 1) deps.events.node('Warning', 'CgroupV1', cgroupV1Warning);
        return untilItWorks('runtime list', () => watcher.start((uid) => pods.table.get(uid)?.refresh()));
      },
      stop: () => watcher.stop(),
    },
    // They may be what the API itself is made of.
    { name: 'static pods', start: () => pods.statics.start(), stop: () => pods.statics.stop() },
    {
      name: 'pods of the API',
      start: async () => {
        // No other pod is judged, begun or ended before all of them are known.
        await Promise.all([informers.pods.waitForSync(signal), informers.services.waitForSync(signal)]);
        pods.table.start();
        onReady(true);
      },
      stop: () => onReady(false),
    },
    {
      name: 'housekeeping',
      start: () => {
        housekeeping.start();
        return housekeeping.beat();
      },
      stop: () => housekeeping.stop(),
    },
  ];
  return steps.map(({ name, start, stop }) => ({
    name,
    start: async () => {
      signal.throwIfAborted();
      await start?.();
    },
    stop: async () => stop?.(),
  }));
}

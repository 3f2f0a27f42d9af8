import { status as Code } from '@grpc/grpc-js';
import { type corev1 } from '@navarch/api';
import { type Clock, type Timer } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { drahealthv1 } from '@navarch/proto';
import { findRpcError, type RpcChannel } from '@navarch/rpc';
import { errorText } from '../error-text';

/** How a device is, in the API's words. */
export type Health = Pick<corev1.ResourceHealth, 'health' | 'message'>;

interface Report {
  readonly told: Health;
  /** When nobody knows any more. */
  readonly untilMs: number;
}

/** A driver that is followed, and what it has told. */
interface Followed {
  readonly driver: string;
  readonly reports: Map<string, Report>;
  timer?: Timer;
}

export interface DeviceHealthDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Some device is in another condition than before. */
  readonly onChange: () => void;
}

/** How long a report is believed where its driver does not say, and how long after a stream's end the next is tried: upstream's. */
const believedMs = 30_000;
const retryMs = 5_000;
/** Versions of the service, the newest first; their messages are the same. */
const versions = ['v1', 'v1alpha1'];
const words: Partial<Record<drahealthv1.HealthStatus, string>> = { [drahealthv1.HealthStatus.HEALTHY]: 'Healthy', [drahealthv1.HealthStatus.UNHEALTHY]: 'Unhealthy' };

/** How devices of dynamic resources are, as those of their drivers tell that know it. */
export class DeviceHealth {
  readonly #followed = new Set<Followed>();

  constructor(private readonly deps: DeviceHealthDeps) {}

  /** Follows a driver on its socket until the signal; one that serves no such thing is left alone. */
  follow(driver: string, channel: RpcChannel, signal: AbortSignal): void {
    const followed: Followed = { driver, reports: new Map() };
    this.#followed.add(followed);
    signal.addEventListener('abort', () => {
      this.#forget(followed);
      this.#followed.delete(followed);
    });
    this.#watch(followed, channel, signal).catch((error: unknown) => {
      if (!signal.aborted) this.deps.log.warn({ err: error, driver }, 'health of devices could not be followed');
    });
  }

  /** How a device is; unknown while its driver has not told, or too long ago. */
  of(driver: string, pool: string, device: string): Health {
    const now = this.deps.clock.now();
    // While a driver is replaced, the newer instance knows better.
    for (const { driver: name, reports } of [...this.#followed].reverse()) {
      const report = name === driver ? reports.get(keyOf(pool, device)) : undefined;
      if (report && report.untilMs > now) return report.told;
    }
    return { health: 'Unknown' };
  }

  async #watch(followed: Followed, channel: RpcChannel, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.deps;
    const { driver } = followed;
    let left = versions;
    for (let [version] = left; version !== undefined; [version] = left) {
      try {
        for await (const { devices } of channel.client(definitionOf(version)).nodeWatchResources({}, { signal })) this.#note(followed, devices);
      } catch (error) {
        if (findRpcError(error)?.code === Code.UNIMPLEMENTED) {
          // An older driver serves an older version, or none: its devices stay unknown, as with upstream.
          log.debug({ driver, version }, 'driver does not serve this version of the health of devices');
          left = left.slice(1);
          continue;
        }
        if (!signal.aborted) log.info({ err: errorText(error), driver }, 'driver tells no more of its devices\' health');
      }
      this.#forget(followed);
      await clock.sleep(retryMs, signal);
    }
  }

  #note(followed: Followed, devices: readonly drahealthv1.DeviceHealth[]): void {
    const now = this.deps.clock.now();
    let isNews = false;
    for (const { device, health, lastUpdatedTime, healthCheckTimeoutSeconds, message } of devices) {
      const believed = healthCheckTimeoutSeconds > 0n ? Number(healthCheckTimeoutSeconds) * 1000 : believedMs;
      const toldMs = lastUpdatedTime > 0n ? Number(lastUpdatedTime) * 1000 : now;
      const key = keyOf(device?.poolName ?? '', device?.deviceName ?? '');
      const told: Health = { health: words[health] ?? 'Unknown', ...(message === '' ? {} : { message }) };
      const before = followed.reports.get(key);
      isNews ||= !before || before.untilMs <= now || before.told.health !== told.health || before.told.message !== told.message;
      followed.reports.set(key, { told, untilMs: toldMs + believed });
    }
    this.#awaitDoubt(followed);
    // Drivers repeat themselves, so as to be believed.
    if (isNews) this.deps.onChange();
  }

  /** What is not told again becomes unknown, which is to show too. */
  #awaitDoubt(followed: Followed): void {
    const { clock, onChange } = this.deps;
    followed.timer?.cancel();
    const now = clock.now();
    const next = Math.min(...[...followed.reports.values()].map(({ untilMs }) => untilMs).filter((untilMs) => untilMs > now));
    if (next === Infinity) return;
    followed.timer = clock.setTimeout(() => {
      onChange();
      this.#awaitDoubt(followed);
    }, next - now);
  }

  #forget(followed: Followed): void {
    followed.timer?.cancel();
    if (followed.reports.size === 0) return;
    followed.reports.clear();
    this.deps.onChange();
  }
}

function keyOf(pool: string, device: string): string {
  return JSON.stringify([pool, device]);
}

function definitionOf(version: string): typeof drahealthv1.DRAResourceHealthService {
  const methods = Object.entries(drahealthv1.DRAResourceHealthService).map(([name, method]) => [name, { ...method, path: method.path.replace('/v1.', `/${version}.`) }]);
  return Object.fromEntries(methods) as typeof drahealthv1.DRAResourceHealthService;
}

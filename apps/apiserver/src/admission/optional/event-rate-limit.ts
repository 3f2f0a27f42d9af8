import type { corev1 } from '@navarch/api';
import { tooManyRequests } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { aggregateText } from '../../auth/aggregate-text';
import type { Fields } from '../../config-file/strict-fields';
import type { AdmissionAttributes, AdmissionPlugin, WriteSort } from '../../pipeline';

const TYPES = ['Server', 'Namespace', 'User', 'SourceAndObject'] as const;
type LimitType = (typeof TYPES)[number];

export interface EventLimit {
  readonly type: LimitType;
  /** A second. */
  readonly qps: number;
  readonly burst: number;
  /** Buckets that are remembered. */
  readonly cacheSize: number;
}

const DEFAULT_CACHE_SIZE = 4096;

/** @throws for limits that are none */
export function readEventLimits(root: Fields): readonly EventLimit[] {
  root.only('apiVersion', 'kind', 'limits');
  return root.list('limits').map((entry) => {
    entry.only('type', 'qps', 'burst', 'cacheSize');
    const text = entry.text('type');
    const type = TYPES.find((one) => one === text);
    if (type === undefined) throw entry.wrong(`"${text}" is not one of ${TYPES.join(', ')}`, 'type');
    return { type, qps: entry.count('qps'), burst: entry.count('burst'), cacheSize: entry.count('cacheSize', DEFAULT_CACHE_SIZE) };
  });
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Buckets of tokens by key; those that were used longest ago are forgotten first. */
class Buckets {
  private readonly buckets = new Map<string, Bucket>();

  constructor(readonly limit: EventLimit) {}

  take(key: string, nowMs: number): boolean {
    const { qps, burst, cacheSize } = this.limit;
    const known = this.buckets.get(key) ?? { tokens: burst, at: nowMs };
    const tokens = Math.min(burst, known.tokens + ((nowMs - known.at) / 1000) * qps);
    this.buckets.delete(key);
    const [oldest] = this.buckets.keys();
    if (this.buckets.size >= cacheSize && oldest !== undefined) this.buckets.delete(oldest);
    this.buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: nowMs });
    return tokens >= 1;
  }
}

function keyOf(type: LimitType, { user, namespace, object }: AdmissionAttributes): string {
  if (type === 'Server') return '';
  if (type === 'Namespace') return namespace;
  if (type === 'User') return user.name;
  const { source, involvedObject } = object as Partial<corev1.Event>;
  return [source?.component, source?.host, involvedObject?.kind, involvedObject?.namespace, involvedObject?.name, involvedObject?.uid, involvedObject?.apiVersion].map((part) => part ?? '').join('');
}

/** Whoever tells of too much is not listened to for a while. */
export class EventRateLimit implements AdmissionPlugin {
  readonly name = 'EventRateLimit';
  private readonly buckets: readonly Buckets[];

  constructor(limits: readonly EventLimit[], private readonly clock: Clock) {
    this.buckets = limits.map((limit) => new Buckets(limit));
  }

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return (operation === 'CREATE' || operation === 'UPDATE') && (group === '' || group === 'events.k8s.io') && resource === 'events' && subresource === '';
  }

  applies({ dryRun }: AdmissionAttributes): boolean {
    return !dryRun;
  }

  validate(attributes: AdmissionAttributes): void {
    const reached = this.buckets.flatMap((buckets) => {
      const key = keyOf(buckets.limit.type, attributes);
      return buckets.take(key, this.clock.now()) ? [] : [`limit reached on type ${buckets.limit.type} for key ${key}`];
    });
    if (reached.length > 0) throw tooManyRequests(aggregateText(reached));
  }
}

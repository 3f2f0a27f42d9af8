import { type corev1 } from '@navarch/api';
import { Counter, Registry } from 'prom-client';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';

const results = { success: 'successful', failure: 'failed', unknown: 'unknown' } as const;

/** Counts the probes of every container: a page of its own, as it has a line for each. */
export class ProbeMetrics {
  readonly registry = new Registry();
  readonly #total = new Counter({
    name: 'prober_probe_total', help: 'Cumulative number of a liveness, readiness or startup probe for a container by result.',
    labelNames: ['container', 'namespace', 'pod', 'pod_uid', 'probe_type', 'result'], registers: [this.registry],
  });
  readonly #labels = new Map<string, Record<string, string>[]>();

  count(pod: corev1.Pod, container: string, kind: string, result: keyof typeof results): void {
    const labels = { container, namespace: namespaceOf(pod), pod: nameOf(pod), pod_uid: uidOf(pod), probe_type: kind.charAt(0).toUpperCase() + kind.slice(1), result: results[result] };
    this.#total.inc(labels);
    const known = this.#labels.get(uidOf(pod)) ?? [];
    if (!known.some((other) => JSON.stringify(other) === JSON.stringify(labels))) this.#labels.set(uidOf(pod), [...known, labels]);
  }

  forgetPod(uid: string): void {
    for (const labels of this.#labels.get(uid) ?? []) this.#total.remove(labels);
    this.#labels.delete(uid);
  }
}

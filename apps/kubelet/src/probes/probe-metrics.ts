import { type corev1 } from '@navarch/api';
import { Counter, Histogram, Registry } from 'prom-client';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';

const results = { success: 'successful', warning: 'successful', failure: 'failed', unknown: 'unknown' } as const;

/** Counts the probes of every container: a page of its own, as it has a line for each. */
export class ProbeMetrics {
  readonly registry = new Registry();
  readonly #total = new Counter({
    name: 'prober_probe_total', help: 'Cumulative number of a liveness, readiness or startup probe for a container by result.',
    labelNames: ['container', 'namespace', 'pod', 'pod_uid', 'probe_type', 'result'], registers: [this.registry],
  });
  readonly #seconds = new Histogram({
    name: 'prober_probe_duration_seconds', help: 'Duration in seconds for a probe response.',
    labelNames: ['container', 'namespace', 'pod', 'probe_type'], buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], registers: [this.registry],
  });
  readonly #labels = new Map<string, ProbeLabels[]>();

  count(pod: corev1.Pod, container: string, kind: string, result: keyof typeof results, seconds: number): void {
    const labels = { container, namespace: namespaceOf(pod), pod: nameOf(pod), pod_uid: uidOf(pod), probe_type: kind.charAt(0).toUpperCase() + kind.slice(1), result: results[result] };
    this.#total.inc(labels);
    this.#seconds.observe(withoutResult(labels), seconds);
    const known = this.#labels.get(uidOf(pod)) ?? [];
    if (!known.some((other) => JSON.stringify(other) === JSON.stringify(labels))) this.#labels.set(uidOf(pod), [...known, labels]);
  }

  forgetPod(uid: string): void {
    for (const labels of this.#labels.get(uid) ?? []) {
      this.#total.remove(labels);
      this.#seconds.remove(withoutResult(labels));
    }
    this.#labels.delete(uid);
  }
}

interface ProbeLabels {
  readonly container: string;
  readonly namespace: string;
  readonly pod: string;
  readonly pod_uid: string;
  readonly probe_type: string;
  readonly result: string;
}

function withoutResult({ container, namespace, pod, probe_type }: ProbeLabels): Record<'container' | 'namespace' | 'pod' | 'probe_type', string> {
  return { container, namespace, pod, probe_type };
}

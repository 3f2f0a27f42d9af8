import { type corev1 } from '@navarch/api';

/** A place that pods are read from besides the API. */
export interface StaticPodSource {
  readonly name: 'file' | 'http';
  /** Reads once, tells what it found (nothing, while it cannot be read), and goes on in the background. */
  start(onPods: (pods: readonly corev1.Pod[]) => void): Promise<void>;
  stop(): Promise<void>;
}

import { type corev1 } from '@navarch/api';

export type EventType = 'Normal' | 'Warning';

/** Where the kubelet says what happens. Never fails and never waits. */
export interface EventSink {
  /** About a pod, or a container of it. */
  pod(pod: corev1.Pod, type: EventType, reason: string, message: string, containerName?: string): void;
  volume(volume: corev1.PersistentVolume, type: EventType, reason: string, message: string): void;
  node(type: EventType, reason: string, message: string): void;
}

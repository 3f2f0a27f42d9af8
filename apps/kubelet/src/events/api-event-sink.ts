import { type corev1 } from '@navarch/api';
import { type EventRecorder } from '@navarch/reconcile';
import { fieldPathOf } from '../pods/pod-spec';
import { type EventSink, type EventType } from './event-sink';

/** Writes what happens as Events. */
export class ApiEventSink implements EventSink {
  constructor(private readonly nodeName: string, private readonly recorder: EventRecorder) {}

  pod(pod: corev1.Pod, type: EventType, reason: string, message: string, containerName?: string): void {
    const about = { apiVersion: 'v1', kind: 'Pod', metadata: pod.metadata };
    this.recorder.event(about, type, reason, message, containerName === undefined ? undefined : fieldPathOf(pod, containerName));
  }

  volume({ metadata }: corev1.PersistentVolume, type: EventType, reason: string, message: string): void {
    this.recorder.event({ apiVersion: 'v1', kind: 'PersistentVolume', metadata }, type, reason, message);
  }

  node(type: EventType, reason: string, message: string): void {
    // Upstream's kubelet does not know its object's uid and uses the name.
    this.recorder.record({ kind: 'Node', name: this.nodeName, uid: this.nodeName }, type, reason, message);
  }
}

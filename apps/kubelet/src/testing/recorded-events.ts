import { type corev1 } from '@navarch/api';
import { type EventSink, type EventType } from '../events/event-sink';

/** Events kept for a test to read. */
export class RecordedEvents implements EventSink {
  readonly all: { readonly type: EventType; readonly reason: string; readonly message: string; readonly container?: string }[] = [];

  pod(_pod: corev1.Pod, type: EventType, reason: string, message: string, container?: string): void {
    this.all.push({ type, reason, message, ...(container === undefined ? {} : { container }) });
  }

  volume(_volume: corev1.PersistentVolume, type: EventType, reason: string, message: string): void {
    this.all.push({ type, reason, message });
  }

  node(type: EventType, reason: string, message: string): void {
    this.all.push({ type, reason, message });
  }

  /** As `reason: message`. */
  get lines(): string[] {
    return this.all.map(({ reason, message }) => `${reason}: ${message}`);
  }
}

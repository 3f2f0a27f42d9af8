import { exactJsonText } from '@navarch/apimachinery';
import type { AuditBackend } from './audit-backend';
import type { AuditEvent } from './audit-event';
import type { AuditMetrics } from './audit-metrics';

export interface TruncateOptions {
  /** `--audit-*-truncate-max-event-size`, in bytes of JSON. */
  readonly maxEventBytes: number;
  /** `--audit-*-truncate-max-batch-size`, in bytes of JSON. */
  readonly maxBatchBytes: number;
}

const TRUNCATED = 'audit.k8s.io/truncated';
const sizeOf = (event: AuditEvent): number => Buffer.byteLength(exactJsonText(event)) + 1;

/** Without the objects, which is what makes an event large. */
function truncated(event: AuditEvent): AuditEvent {
  const cut: { -readonly [Name in keyof AuditEvent]: AuditEvent[Name] } = { ...event, annotations: { ...event.annotations, [TRUNCATED]: 'true' } };
  delete cut.requestObject;
  delete cut.responseObject;
  return cut;
}

/** Cuts events that are too large down to what is known of them without their objects, as upstream's plug-in `truncate`; drops what still is too large. */
export class TruncatingBackend implements AuditBackend {
  readonly name = 'truncate';

  constructor(
    private readonly delegate: AuditBackend,
    private readonly options: TruncateOptions,
    private readonly metrics: AuditMetrics,
  ) {}

  start(): Promise<void> {
    return this.delegate.start();
  }

  stop(): Promise<void> {
    return this.delegate.stop();
  }

  async process(events: readonly AuditEvent[]): Promise<boolean> {
    const { maxEventBytes, maxBatchBytes } = this.options;
    const tooLarge: AuditEvent[] = [];
    const batches: AuditEvent[][] = [];
    let batchBytes = Infinity;
    for (const given of events) {
      let [event, bytes] = [given, sizeOf(given)];
      if (bytes > maxEventBytes && event.level !== 'Metadata') {
        event = truncated(event);
        bytes = sizeOf(event);
      }
      if (bytes > maxEventBytes) {
        tooLarge.push(event);
        continue;
      }
      if (batchBytes + bytes > maxBatchBytes) {
        batches.push([]);
        batchBytes = 0;
      }
      batches.at(-1)?.push(event);
      batchBytes += bytes;
    }
    if (tooLarge.length > 0) this.metrics.lost(this.name, new Error('event is too large even after truncating'), tooLarge);
    let isKept = true;
    for (const batch of batches) isKept = (await this.delegate.process(batch)) && isKept;
    return isKept;
  }
}

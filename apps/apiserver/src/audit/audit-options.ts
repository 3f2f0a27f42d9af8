import type { Config } from '@navarch/component-base';
import type { auditFlags } from './audit-flags';
import type { AuditLogOptions } from './audit-log';
import type { BatchOptions } from './buffered-backend';
import type { TruncateOptions } from './truncating-backend';

export type AuditMode = 'batch' | 'blocking' | 'blocking-strict';

/** How events get to one backend. */
export interface Delivery {
  readonly mode: AuditMode;
  readonly batch: BatchOptions;
  /** Absent: as large as they are. */
  readonly truncate: TruncateOptions | undefined;
}

export interface AuditOptions {
  readonly log: { readonly options: AuditLogOptions; readonly delivery: Delivery } | undefined;
  readonly webhook: { readonly configFile: string; readonly initialBackoffMs: number; readonly delivery: Delivery } | undefined;
}

/** A file takes one batch after the other; a server several, but not as many as come while it hangs. */
const UNDER_WAY = { log: 1, webhook: 16 };
const DAY_MS = 86_400_000;
const MEGABYTE = 1024 * 1024;

interface DeliveryFlags {
  readonly mode: string;
  readonly bufferSize: number;
  readonly maxSize: number;
  readonly maxWaitMs: number;
  readonly throttled: boolean;
  readonly qps: number;
  readonly burst: number;
  readonly truncated: boolean;
  readonly maxBatchBytes: number;
  readonly maxEventBytes: number;
}

/** @throws in upstream's words */
function deliveryOf(plugin: 'log' | 'webhook', flags: DeliveryFlags): Delivery {
  const { bufferSize, maxSize, maxWaitMs, throttled, qps, burst, truncated, maxBatchBytes, maxEventBytes } = flags;
  const positive = (what: string, value: number): void => {
    if (!(value > 0)) throw new Error(`invalid audit ${what} ${value}, must be a positive number`);
  };
  if (flags.mode === 'batch') {
    positive(`batch ${plugin} buffer size`, bufferSize);
    positive(`batch ${plugin} max batch size`, maxSize);
    if (throttled) {
      positive(`batch ${plugin} throttle QPS`, qps);
      positive(`batch ${plugin} throttle burst`, burst);
    }
  }
  positive(`truncate ${plugin} max event size`, maxEventBytes);
  if (maxBatchBytes < maxEventBytes) throw new Error(`invalid audit truncate ${plugin} max batch size ${maxBatchBytes}, must be greater than max event size (${maxEventBytes})`);
  return {
    mode: flags.mode as AuditMode,
    batch: { bufferSize, maxBatchSize: maxSize, maxWaitMs, throttle: throttled ? { qps, burst } : undefined, maxUnderWay: UNDER_WAY[plugin] },
    truncate: truncated ? { maxEventBytes, maxBatchBytes } : undefined,
  };
}

/** @throws for flags that contradict each other or make no sense, as upstream */
export function auditOptions(config: Config<typeof auditFlags>): AuditOptions {
  const { auditLogPath: path, auditWebhookConfigFile: configFile } = config;
  const sizes = { maxage: config.auditLogMaxage, maxbackup: config.auditLogMaxbackup, maxsize: config.auditLogMaxsize };
  if (path !== undefined) for (const [flag, value] of Object.entries(sizes)) if (value < 0) throw new Error(`--audit-log-${flag} ${value} can't be a negative number`);
  return {
    log: path === undefined ? undefined : {
      options: {
        path, format: config.auditLogFormat === 'legacy' ? 'legacy' : 'json', maxBytes: sizes.maxsize * MEGABYTE, maxBackups: sizes.maxbackup, maxAgeMs: sizes.maxage * DAY_MS, compress: config.auditLogCompress,
      },
      delivery: deliveryOf('log', {
        mode: config.auditLogMode, bufferSize: config.auditLogBatchBufferSize, maxSize: config.auditLogBatchMaxSize, maxWaitMs: config.auditLogBatchMaxWait,
        throttled: config.auditLogBatchThrottleEnable, qps: config.auditLogBatchThrottleQps, burst: config.auditLogBatchThrottleBurst,
        truncated: config.auditLogTruncateEnabled, maxBatchBytes: config.auditLogTruncateMaxBatchSize, maxEventBytes: config.auditLogTruncateMaxEventSize,
      }),
    },
    webhook: configFile === undefined ? undefined : {
      configFile, initialBackoffMs: config.auditWebhookInitialBackoff,
      delivery: deliveryOf('webhook', {
        mode: config.auditWebhookMode, bufferSize: config.auditWebhookBatchBufferSize, maxSize: config.auditWebhookBatchMaxSize, maxWaitMs: config.auditWebhookBatchMaxWait,
        throttled: config.auditWebhookBatchThrottleEnable, qps: config.auditWebhookBatchThrottleQps, burst: config.auditWebhookBatchThrottleBurst,
        truncated: config.auditWebhookTruncateEnabled, maxBatchBytes: config.auditWebhookTruncateMaxBatchSize, maxEventBytes: config.auditWebhookTruncateMaxEventSize,
      }),
    },
  };
}

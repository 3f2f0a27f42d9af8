import { defineFlags } from '@navarch/component-base';

const MODES = ['batch', 'blocking', 'blocking-strict'];
const MODE = 'Whether requests wait for their events (blocking), are refused where these cannot be kept (blocking-strict), or neither (batch).';

/** Upstream's flags of the audit, with upstream's defaults. */
export const auditFlags = defineFlags({
  'audit-policy-file': { type: 'string', help: 'Policy that says how much of which requests is noted.' },
  'audit-log-path': { type: 'string', help: 'File of audit events; - for the standard output.' },
  'audit-log-format': { type: 'string', default: 'json', choices: ['json', 'legacy'], help: 'Form of its lines.' },
  'audit-log-version': { type: 'string', default: 'audit.k8s.io/v1', choices: ['audit.k8s.io/v1'], help: 'Version of its events.' },
  'audit-log-maxsize': { type: 'number', default: '100', help: 'Megabytes of an audit log before it is put aside; 0 for no limit.' },
  'audit-log-maxbackup': { type: 'number', default: '100', help: 'Audit logs kept that were put aside; 0 for all.' },
  'audit-log-maxage': { type: 'number', default: '366', help: 'Days that they are kept; 0 for ever.' },
  'audit-log-compress': { type: 'boolean', default: 'false', help: 'Whether they are compressed with gzip.' },
  'audit-log-mode': { type: 'string', default: 'blocking', choices: MODES, help: MODE },
  'audit-log-batch-buffer-size': { type: 'number', default: '10000', help: 'Events that may wait for the file in batch mode; more are lost.' },
  'audit-log-batch-max-size': { type: 'number', default: '1', help: 'Most events in a batch for the file.' },
  'audit-log-batch-max-wait': { type: 'duration', default: '0', help: 'Longest wait before a batch is written that is not full.' },
  'audit-log-batch-throttle-enable': { type: 'boolean', default: 'false', help: 'Whether batches for the file are throttled.' },
  'audit-log-batch-throttle-qps': { type: 'number', default: '0', help: 'Batches for the file a second.' },
  'audit-log-batch-throttle-burst': { type: 'number', default: '0', help: 'Batches for the file at once after a quiet time.' },
  'audit-log-truncate-enabled': { type: 'boolean', default: 'false', help: 'Whether events for the file are cut down that are too large.' },
  'audit-log-truncate-max-batch-size': { type: 'number', default: '10485760', help: 'Bytes of events written at once when they are.' },
  'audit-log-truncate-max-event-size': { type: 'number', default: '102400', help: 'Bytes of an event above which it goes without its objects, and then not at all.' },
  'audit-webhook-config-file': { type: 'string', help: 'Kubeconfig of a server that audit events are sent to.' },
  'audit-webhook-initial-backoff': { type: 'duration', default: '10s', help: 'Wait before a server that did not take events is asked again; it grows from one time to the next.' },
  'audit-webhook-version': { type: 'string', default: 'audit.k8s.io/v1', choices: ['audit.k8s.io/v1'], help: 'Version of the events that are sent.' },
  'audit-webhook-mode': { type: 'string', default: 'batch', choices: MODES, help: MODE },
  'audit-webhook-batch-buffer-size': { type: 'number', default: '10000', help: 'Events that may wait to be sent in batch mode; more are lost.' },
  'audit-webhook-batch-max-size': { type: 'number', default: '400', help: 'Most events that are sent at once.' },
  'audit-webhook-batch-max-wait': { type: 'duration', default: '30s', help: 'Longest wait before a batch is sent that is not full.' },
  'audit-webhook-batch-throttle-enable': { type: 'boolean', default: 'true', help: 'Whether batches that are sent are throttled.' },
  'audit-webhook-batch-throttle-qps': { type: 'number', default: '10', help: 'Batches sent a second.' },
  'audit-webhook-batch-throttle-burst': { type: 'number', default: '15', help: 'Batches sent at once after a quiet time.' },
  'audit-webhook-truncate-enabled': { type: 'boolean', default: 'false', help: 'Whether events that are sent are cut down when they are too large.' },
  'audit-webhook-truncate-max-batch-size': { type: 'number', default: '10485760', help: 'Bytes of events sent at once when they are.' },
  'audit-webhook-truncate-max-event-size': { type: 'number', default: '102400', help: 'Bytes of an event above which it goes without its objects, and then not at all.' },
});

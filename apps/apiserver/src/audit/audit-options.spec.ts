import { parseFlags } from '@navarch/component-base';
import { auditFlags } from './audit-flags';
import { auditOptions, type AuditOptions } from './audit-options';

const optionsOf = (...flags: string[]): AuditOptions => auditOptions(parseFlags(auditFlags, flags, {}));

it('nothing is asked for by default', () => {
  expect(optionsOf()).toEqual({ log: undefined, webhook: undefined });
});

it('a file and a server have upstream\'s defaults', () => {
  expect(optionsOf('--audit-log-path=/a.log', '--audit-webhook-config-file=w.yaml')).toEqual({
    log: {
      options: { path: '/a.log', format: 'json', maxBytes: 104_857_600, maxBackups: 100, maxAgeMs: 366 * 86_400_000, compress: false },
      delivery: { mode: 'blocking', batch: { bufferSize: 10_000, maxBatchSize: 1, maxWaitMs: 0, throttle: undefined, maxUnderWay: 1 }, truncate: undefined },
    },
    webhook: {
      configFile: 'w.yaml', initialBackoffMs: 10_000,
      delivery: { mode: 'batch', batch: { bufferSize: 10_000, maxBatchSize: 400, maxWaitMs: 30_000, throttle: { qps: 10, burst: 15 }, maxUnderWay: 16 }, truncate: undefined },
    },
  });
});

it.each([
  [['--audit-log-path=a', '--audit-log-maxage=-1'], "--audit-log-maxage -1 can't be a negative number"],
  [['--audit-webhook-config-file=a', '--audit-webhook-batch-buffer-size=0'], 'invalid audit batch webhook buffer size 0, must be a positive number'],
  [['--audit-log-path=a', '--audit-log-mode=batch', '--audit-log-batch-throttle-enable'], 'invalid audit batch log throttle QPS 0, must be a positive number'],
  [['--audit-log-path=a', '--audit-log-truncate-max-event-size=0'], 'invalid audit truncate log max event size 0, must be a positive number'],
  [['--audit-webhook-config-file=a', '--audit-webhook-truncate-max-batch-size=10'], 'invalid audit truncate webhook max batch size 10, must be greater than max event size (102400)'],
  [['--audit-log-path=a', '--audit-log-mode=later'], 'must be one of batch, blocking, blocking-strict'],
])('%j is refused', (flags, says) => {
  expect(() => optionsOf(...flags)).toThrow(says);
});

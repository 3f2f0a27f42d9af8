import type { UpstreamFigure } from './upstream-figures';

/** One measured number and what puts it into proportion. */
export interface Figure {
  readonly scenario: string;
  readonly what: string;
  readonly value: number;
  readonly unit: '/s' | 'ms' | 's' | 'MiB' | '%';
  /** The same work against something bare, in the same run. */
  readonly reference?: { readonly what: string; readonly value: number };
  readonly upstream?: UpstreamFigure;
  /** Processor seconds during the measurement, by process; `client` is the load generator. */
  readonly cpuSeconds?: Readonly<Record<string, number>>;
  /** The part of the machine, from 0 to 1, that others used meanwhile. */
  readonly othersShare?: number;
  /** Whatever else was seen: quantiles, sizes. */
  readonly detail?: Readonly<Record<string, number>>;
}

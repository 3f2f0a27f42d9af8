import { type HistogramSeries, type NumberSeries, SeriesCounter, SeriesGauge, SeriesHistogram } from '@navarch/component-base';
import { Gauge, type Registry } from 'prom-client';

/** A flow schema and the priority level it leads to. */
export interface FlowNames {
  readonly flow_schema: string;
  readonly priority_level: string;
}

/** What a level is at the moment. */
export interface LevelFigures {
  readonly level: string;
  readonly nominal: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly running: number;
  readonly waiting: number;
}

const WAIT_BUCKETS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const EXECUTION_BUCKETS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

/** What each request that runs is counted in. */
interface RunningSeries {
  readonly dispatched: NumberSeries;
  readonly executing: NumberSeries;
  readonly seats: NumberSeries;
  readonly estimates: HistogramSeries;
  readonly watches: HistogramSeries;
  readonly executions: Readonly<Record<'mutating' | 'regular', HistogramSeries>>;
}

/** Priority and fairness by upstream's names. */
export class FlowControlMetrics {
  private readonly dispatched: SeriesCounter;
  private readonly rejections: SeriesCounter;
  private readonly waits: SeriesHistogram;
  private readonly executions: SeriesHistogram;
  private readonly lengths: SeriesHistogram;
  private readonly executing: SeriesGauge;
  private readonly seats: SeriesGauge;
  private readonly inQueue: SeriesGauge;
  private readonly seatsInQueue: SeriesGauge;
  private readonly estimates: SeriesHistogram;
  private readonly watches: SeriesHistogram;
  private readonly running = new Map<string, RunningSeries>();
  /** The same by who names them, which most do with one value for all of their requests. */
  private readonly named = new WeakMap<FlowNames, RunningSeries>();

  constructor(registry: Registry, figures: () => Iterable<LevelFigures>) {
    const labelNames = ['flow_schema', 'priority_level'];
    const registers = [registry];
    const name = (rest: string): string => `apiserver_flowcontrol_${rest}`;
    this.dispatched = new SeriesCounter({ name: name('dispatched_requests_total'), help: 'Requests that were let run.', labelNames, registers });
    this.rejections = new SeriesCounter({ name: name('rejected_requests_total'), help: 'Requests that were refused.', labelNames: [...labelNames, 'reason'], registers });
    this.waits = new SeriesHistogram({ name: name('request_wait_duration_seconds'), help: 'How long requests waited.', labelNames: [...labelNames, 'execute'], buckets: WAIT_BUCKETS, registers });
    this.executions = new SeriesHistogram({ name: name('request_execution_seconds'), help: 'How long requests ran.', labelNames: [...labelNames, 'type'], buckets: EXECUTION_BUCKETS, registers });
    this.lengths = new SeriesHistogram({
      name: name('request_queue_length_after_enqueue'),
      help: 'Requests that wait in a level when one has joined them.',
      labelNames,
      buckets: [0, 10, 25, 50, 100, 250, 500, 1000],
      registers,
    });
    this.executing = new SeriesGauge({ name: name('current_executing_requests'), help: 'Requests running.', labelNames, registers });
    this.seats = new SeriesGauge({ name: name('current_executing_seats'), help: 'Seats that requests running take.', labelNames, registers });
    this.inQueue = new SeriesGauge({ name: name('current_inqueue_requests'), help: 'Requests waiting.', labelNames, registers });
    this.seatsInQueue = new SeriesGauge({ name: name('current_inqueue_seats'), help: 'Seats that requests wait for.', labelNames, registers });
    this.estimates = new SeriesHistogram({ name: name('work_estimated_seats'), help: 'Seats that requests are estimated to need.', labelNames, buckets: [1, 2, 4, 8, 16, 32, 64, 100], registers });
    this.watches = new SeriesHistogram({ name: name('watch_count_samples'), help: 'Watches that the event of a write goes to.', labelNames, buckets: [0, 1, 10, 100, 1000, 10000], registers });
    const each = (rest: string, help: string, of: (level: LevelFigures) => number): void => {
      new Gauge({
        name: name(rest), help, labelNames: ['priority_level'], registers,
        collect() {
          this.reset();
          for (const level of figures()) this.set({ priority_level: level.level }, of(level));
        },
      });
    };
    each('nominal_limit_seats', 'Seats of each level.', ({ nominal }) => nominal);
    each('lower_limit_seats', 'Seats that a level keeps for itself however busy others are.', ({ minimum }) => minimum);
    each('upper_limit_seats', 'Seats that a level may come to with what others lend.', ({ maximum }) => maximum);
    each('current_limit_seats', 'Seats that a level may use at the moment.', ({ nominal, running }) => Math.max(nominal, running));
    each('demand_seats', 'Seats that are taken or waited for.', ({ running, waiting }) => running + waiting);
  }

  estimated(names: FlowNames, seats: number): void {
    this.runningSeries(names).estimates.observe(seats);
  }

  watched(names: FlowNames, watches: number): void {
    this.runningSeries(names).watches.observe(watches);
  }

  enqueued(names: FlowNames, width: number, waiting: number): void {
    this.inQueue.labels({ ...names }).inc();
    this.seatsInQueue.labels({ ...names }).inc(width);
    this.lengths.labels({ ...names }).observe(waiting);
  }

  dequeued(names: FlowNames, width: number, seconds: number, execute: boolean): void {
    this.inQueue.labels({ ...names }).dec();
    this.seatsInQueue.labels({ ...names }).dec(width);
    this.waits.labels({ ...names, execute: String(execute) }).observe(seconds);
  }

  /** A request runs; what is answered is to be told when it is over, and when seats are free again. */
  started(names: FlowNames, width: number, reads: boolean): { readonly over: () => void; readonly freed: (seats: number) => void } {
    const since = performance.now();
    const { dispatched, executing, seats, executions } = this.runningSeries(names);
    dispatched.inc();
    executing.inc();
    seats.inc(width);
    return {
      over: () => {
        executing.dec();
        executions[reads ? 'regular' : 'mutating'].observe((performance.now() - since) / 1000);
      },
      freed: (count) => seats.dec(count),
    };
  }

  refused(names: FlowNames, reason: string): void {
    this.rejections.labels({ ...names, reason }).inc();
  }

  private runningSeries(names: FlowNames): RunningSeries {
    let series = this.named.get(names);
    if (!series) this.named.set(names, (series = this.seriesOf(names)));
    return series;
  }

  private seriesOf({ flow_schema, priority_level }: FlowNames): RunningSeries {
    const key = `${flow_schema}/${priority_level}`;
    let series = this.running.get(key);
    if (!series) {
      const names = { flow_schema, priority_level };
      const executions = (type: string): HistogramSeries => this.executions.labels({ ...names, type });
      series = {
        dispatched: this.dispatched.labels(names), executing: this.executing.labels(names), seats: this.seats.labels(names),
        estimates: this.estimates.labels(names), watches: this.watches.labels(names),
        executions: { regular: executions('regular'), mutating: executions('mutating') },
      };
      this.running.set(key, series);
    }
    return series;
  }
}

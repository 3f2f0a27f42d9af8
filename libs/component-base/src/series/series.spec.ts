import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SeriesHistogram } from './series-histogram';
import { SeriesCounter, SeriesGauge } from './series-number';

const verbs = fc.constantFrom('get', 'list', 'a "quoted"\nname');
const steps = fc.array(fc.record({ verb: verbs, value: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double({ min: 0, max: 4, noNaN: true })) }), { maxLength: 30 });
const common = (registry: Registry): { name: string; help: string; labelNames: string[]; registers: Registry[] } => ({ name: 'requests', help: 'Some "requests".', labelNames: ['verb'], registers: [registry] });
/** In one order: prom-client's labels are in that in which they were given. */
const lines = async (registry: Registry): Promise<string[]> => (await registry.metrics()).split('\n');

describe('series metrics', () => {
  it('print what metrics of prom-client print: counters', async () => {
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      const [theirs, ours] = [new Registry(), new Registry()];
      const [counter, series] = [new Counter(common(theirs)), new SeriesCounter(common(ours))];
      for (const { verb, value } of all) {
        counter.labels({ verb }).inc(value);
        series.labels({ verb }).inc(value);
      }
      expect(await lines(ours)).toEqual(await lines(theirs));
    }));
  });

  it('print what metrics of prom-client print: gauges', async () => {
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      const [theirs, ours] = [new Registry(), new Registry()];
      const [gauge, series] = [new Gauge(common(theirs)), new SeriesGauge(common(ours))];
      for (const { verb, value } of all) {
        gauge.labels({ verb }).inc(value);
        gauge.labels({ verb }).dec(value / 2);
        series.labels({ verb }).inc(value);
        series.labels({ verb }).dec(value / 2);
      }
      expect(await lines(ours)).toEqual(await lines(theirs));
    }));
  });

  it('print what metrics of prom-client print: histograms', async () => {
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      const [theirs, ours] = [new Registry(), new Registry()];
      const buckets = [0, 0.5, 1, 2.5];
      const [histogram, series] = [new Histogram({ ...common(theirs), buckets }), new SeriesHistogram({ ...common(ours), buckets })];
      for (const { verb, value } of all) {
        histogram.labels({ verb }).observe(value);
        series.labels({ verb }).observe(value);
      }
      expect(await lines(ours)).toEqual(await lines(theirs));
    }));
  });

  it('count a value several times at once', async () => {
    const [one, many] = [new Registry(), new Registry()];
    const [each, together] = [one, many].map((registry) => new SeriesHistogram({ ...common(registry), buckets: [1, 2] }).labels({ verb: 'get' }));
    for (let i = 0; i < 3; i++) each?.observe(1.5);
    together?.observe(1.5, 3);
    expect(await lines(many)).toEqual(await lines(one));
  });

  it('want the labels that were declared', () => {
    const counter = new SeriesCounter(common(new Registry()));
    expect(() => counter.labels({ verb: 'get', code: '200' })).toThrow('requests has no label code');
    expect(() => counter.labels({})).toThrow('requests wants the labels verb');
  });

  it('cannot take a name twice', () => {
    const registry = new Registry();
    new SeriesCounter(common(registry));
    expect(() => new SeriesGauge(common(registry))).toThrow('already been registered');
  });

  it('begin anew when the registry resets them, for those who keep a series too', async () => {
    const registry = new Registry();
    const series = new SeriesCounter(common(registry)).labels({ verb: 'get' });
    series.inc(5);
    registry.resetMetrics();
    series.inc();
    expect(await registry.metrics()).toContain('requests{verb="get"} 1');
  });
});

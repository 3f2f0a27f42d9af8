import { Registry } from 'prom-client';
import { createInformerMetrics } from './informer-metrics';
import type { InformerState } from './shared-informers';

const pods = (source: InformerState['source']): InformerState => ({ group: '', resource: 'pods', node: 'n1', synced: true, source, resourceVersion: 5, counters: { snapshots: 1, watches: 2, gaps: 3, fetches: 0, malformed: 0 } });

describe('metrics of informers', () => {
  it('say how each class arrives, and what it took', async () => {
    const registry = new Registry();
    let states = [pods('bus')];
    createInformerMetrics(registry, () => states);
    const text = await registry.metrics();
    expect(text).toContain('navarch_informer_source{group="",resource="pods",node="n1",source="bus"} 1');
    expect(text).toContain('navarch_informer_source{group="",resource="pods",node="n1",source="watch"} 0');
    expect(text).toContain('navarch_informer_gaps_total{group="",resource="pods",node="n1"} 3');
    states = [pods('watch')];
    expect(await registry.metrics()).toContain('source="watch"} 1');
    states = [];
    expect(await registry.metrics()).not.toContain('resource="pods"');
  });
});

import type { corev1, discoveryv1 } from '@navarch/api';
import { programmingSeconds } from './programming-latency';

const slice = (at?: string): discoveryv1.EndpointSlice => ({ metadata: { name: 'db-1', ...(at === undefined ? {} : { annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': at } }) }, addressType: 'IPv4', endpoints: [] });
const service = (spec: corev1.ServiceSpec): corev1.Service => ({ metadata: { name: 'db' }, spec });
const headless = service({ clusterIP: 'None', selector: { app: 'db' } });
const [at, later] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z'];
const nowMs = Date.parse('2026-01-01T00:00:07Z');

describe('how long a change of pods takes to be in their names', () => {
  it.each<[string, discoveryv1.EndpointSlice | undefined, discoveryv1.EndpointSlice, corev1.Service | undefined, number | undefined]>([
    ['a new slice', undefined, slice(at), headless, 7],
    ['a later change', slice(at), slice(later), headless, 2],
    ['a change that pods had no part in', slice(at), slice(at), headless, undefined],
    ['a slice that does not say', undefined, slice(), headless, undefined],
    ['a slice that says no time', undefined, slice('soon'), headless, undefined],
    ['a clock that is behind', undefined, slice('2026-01-01T00:00:09Z'), headless, 0],
    ['a Service with an address', undefined, slice(at), service({ clusterIP: '10.96.0.7', selector: { app: 'db' } }), undefined],
    ['a Service without a selector', undefined, slice(at), service({ clusterIP: 'None' }), undefined],
    ['no Service', undefined, slice(at), undefined, undefined],
  ])('%s', (_what, before, after, of, seconds) => expect(programmingSeconds(before, after, of, nowMs)).toBe(seconds));
});

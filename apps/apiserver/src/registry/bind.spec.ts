import type { corev1 } from '@navarch/api';
import { bound } from './bind';

type Pod = Parameters<typeof bound>[0];

const now = Date.parse('2026-01-02T03:04:05Z');
const at = '2026-01-02T03:04:05Z';

/** What others read too: nobody may change it. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(Object.freeze(value))) frozen(part);
  return value;
}

const pod = (parts: Partial<Pod> = {}): Pod => frozen({ metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } }, spec: { containers: [{ name: 'c' }] }, status: { phase: 'Pending' }, ...parts });
const binding = (metadata: corev1.Binding['metadata'] = {}): corev1.Binding => ({ metadata, target: { name: 'node-1' } });
const conditions = (...all: corev1.PodCondition[]): Partial<Pod> => ({ status: { conditions: all } });
const scheduled: corev1.PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: at };

describe('bound', () => {
  it.each<{ of: string; before?: Partial<Pod>; by?: corev1.Binding['metadata']; after: Partial<Pod> }>([
    { of: 'a new pod', after: { spec: { containers: [{ name: 'c' }], nodeName: 'node-1' }, status: { phase: 'Pending', conditions: [scheduled] } } },
    { of: 'a pod without a status', before: { status: undefined as never }, after: { status: { conditions: [scheduled] } } },
    {
      of: 'a pod that was refused before, and nominated',
      before: { status: { nominatedNodeName: 'node-2', conditions: [{ type: 'A', status: 'True' }, { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no', lastTransitionTime: 'x', observedGeneration: 2 }] } },
      after: { status: { conditions: [{ type: 'A', status: 'True' }, { ...scheduled, observedGeneration: 2 }] } },
    },
    { of: 'a pod that says so already', before: conditions({ type: 'PodScheduled', status: 'True', lastTransitionTime: 'x' }), after: conditions({ type: 'PodScheduled', status: 'True', lastTransitionTime: 'x' }) },
    {
      of: 'a binding with labels and annotations',
      by: { labels: { zone: 'z', app: 'other' }, annotations: { a: '1' } },
      after: { metadata: { name: 'web', namespace: 'default', labels: { app: 'other', zone: 'z' }, annotations: { a: '1' } } },
    },
    { of: 'a binding with empty labels', by: { labels: {}, annotations: {} }, after: { metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } } } },
  ])('changes what $of calls for, and not the pod as it was', ({ before, by, after }) => {
    expect(bound(pod(before), binding(by), now)).toMatchObject(after);
    expect(Object.entries(after).map(([part]) => (bound(pod(before), binding(by), now) as unknown as Record<string, unknown>)[part])).toEqual(Object.values(after));
  });

  it.each<[string, Partial<Pod>]>([
    ['pod web is being deleted, cannot be assigned to a host', { metadata: { name: 'web', deletionTimestamp: at } }],
    ['pod web is already assigned to node "node-9"', { spec: { containers: [], nodeName: 'node-9' } }],
    ['pod web has non-empty .spec.schedulingGates', { spec: { containers: [], schedulingGates: [{ name: 'g' }] } }],
  ])('refuses: %s', (why, before) => {
    expect(() => bound(pod(before), binding(), now)).toThrow(why);
  });
});

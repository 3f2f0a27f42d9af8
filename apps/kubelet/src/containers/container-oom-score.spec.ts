import { type corev1 } from '@navarch/api';
import { oomScoreAdj } from './container-oom-score';

const node = 1000 * 1024 * 1024;
type Memory = readonly [request?: string, limit?: string];

const resourcesOf = ([request, limit]: Memory): corev1.ResourceRequirements => ({
  ...(request === undefined ? {} : { requests: { cpu: '1', memory: request } }), ...(limit === undefined ? {} : { limits: { cpu: '1', memory: limit } }),
});

/** A pod of containers by name; those that begin with "side" are sidecars. */
function podOf(containers: Readonly<Record<string, Memory>>, more: Partial<corev1.PodSpec> = {}): corev1.Pod {
  const made = Object.entries(containers).map(([name, memory]) => ({ name, resources: resourcesOf(memory) }));
  const isSide = ({ name }: { readonly name: string }): boolean => name.startsWith('side');
  return {
    metadata: {},
    spec: { containers: made.filter((one) => !isSide(one)), initContainers: made.filter(isSide).map((one) => ({ ...one, restartPolicy: 'Always' })), ...more },
  };
}

function scores(pod: corev1.Pod): Record<string, number> {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return Object.fromEntries(all.map((container) => [container.name, oomScoreAdj(pod, container, node)]));
}

describe('when a container is killed for want of memory', () => {
  it.each([
    ['without requests: first', podOf({ a: [] }), { a: 1000 }],
    ['guaranteed: last', podOf({ a: ['100Mi', '100Mi'] }), { a: -997 }],
    ['critical to the node: last', podOf({ a: [] }, { priority: 2_000_001_000 }), { a: -997 }],
    ['burstable: by its share of the node', podOf({ a: ['100Mi'], b: ['500Mi'] }), { a: 900, b: 500 }],
    ['never as late as a guaranteed one, nor as early as one without requests', podOf({ a: ['1000Mi'], b: [] }), { a: 3, b: 999 }],
    ['a sidecar no earlier than the smallest container', podOf({ a: ['300Mi'], b: ['200Mi'], side: ['10Mi'] }), { a: 700, b: 800, side: 800 }],
    ['a sidecar that asks for more, later', podOf({ a: ['200Mi'], side: ['400Mi'] }), { a: 800, side: 600 }],
    ['with resources of the pod: what containers leave of them is shared', podOf({ a: ['100Mi'], b: [] }, { resources: { requests: { memory: '300Mi' } } }), { a: 800, b: 900 }],
    ['guaranteed by resources of the pod', podOf({ a: [] }, { resources: resourcesOf(['300Mi', '300Mi']) }), { a: -997 }],
  ])('%s', (_what, pod, expected) => expect(scores(pod)).toEqual(expected));
});

import type { corev1 } from '@navarch/api';
import { evictionTime } from './sync';

const NOTICED = Date.parse('2026-01-01T00:00:10Z');

/** `a` of the key a; `a:60` for a minute; `*` of all keys; `a+5` a taint set five seconds after the hour. */
function tolerationOf(text: string): corev1.Toleration {
  const [key = '', seconds] = text.split(':');
  return { operator: 'Exists', ...(key === '*' ? {} : { key }), ...(seconds === undefined ? {} : { tolerationSeconds: Number(seconds) }) };
}
function taintOf(text: string): corev1.Taint {
  const [key = '', second] = text.split('+');
  return { key, effect: key === 'soft' ? 'NoSchedule' : 'NoExecute', ...(second === undefined ? {} : { timeAdded: `2026-01-01T00:00:0${second}Z` }) };
}

/** By upstream's TestCreatePod, TestUpdateNodeWithMultipleTaints and TestGetMinTolerationTime. */
describe('a pod on a node with taints', () => {
  it.each<{ what: string; taints: string; tolerations: string; after: number | undefined }>([
    { what: 'stays where there are none', taints: '', tolerations: '', after: undefined },
    { what: 'stays if they only keep others away', taints: 'soft', tolerations: '', after: undefined },
    { what: 'goes at once if it tolerates none of them', taints: 'a', tolerations: '', after: 0 },
    { what: 'goes at once if it tolerates only one of them', taints: 'a b', tolerations: 'a', after: 0 },
    { what: 'stays if it tolerates all of them', taints: 'a b', tolerations: 'a b', after: undefined },
    { what: 'goes after its time', taints: 'a', tolerations: 'a:60', after: 60 },
    { what: 'goes at once if that is none', taints: 'a', tolerations: 'a:0', after: 0 },
    { what: 'goes at once if that is less than none', taints: 'a', tolerations: 'a:-1', after: 0 },
    { what: 'goes after the shortest of its times', taints: 'a b', tolerations: 'a:60 b:5', after: 5 },
    { what: 'goes after the one time that it has', taints: 'a b', tolerations: 'a b:5', after: 5 },
    { what: 'stays if the first that tolerates says no time', taints: 'a', tolerations: '* a:60', after: undefined },
    { what: 'goes by the first that tolerates', taints: 'a', tolerations: 'a:60 *', after: 60 },
    { what: 'goes by when the taint was set', taints: 'a+4', tolerations: 'a:60', after: 54 },
  ])('$what', ({ taints, tolerations, after }) => {
    const of = <T>(text: string, read: (part: string) => T): T[] => text.split(' ').filter((part) => part !== '').map(read);
    const node: corev1.Node = { metadata: { name: 'n' }, spec: { taints: of(taints, taintOf) } };
    const pod: corev1.Pod = { metadata: { name: 'p' }, spec: { containers: [], tolerations: of(tolerations, tolerationOf) } };
    expect(evictionTime(pod, node, NOTICED)).toBe(after === undefined ? undefined : NOTICED + after * 1000);
  });

  it('stays as long as it tolerates that number of one', () => {
    const tolerations = [{ key: 'rate', operator: 'Gt', value: '950', effect: 'NoExecute', tolerationSeconds: 60 }];
    const timeAt = (value: string): number | undefined => evictionTime({ metadata: { name: 'p' }, spec: { containers: [], tolerations } }, { metadata: { name: 'n' }, spec: { taints: [{ key: 'rate', value, effect: 'NoExecute' }] } }, NOTICED);
    expect([timeAt('951'), timeAt('950')]).toEqual([NOTICED + 60_000, NOTICED]);
  });
});

import type { corev1 } from '@navarch/api';
import { podInfo } from '../state/pod-info';
import { cluster, node, only, placed, pod } from '../testing/test-cluster';
import { nodeDeclaredFeatures } from './node-declared-features';

const feature = 'RestartAllContainersOnContainerExits';
const declaring = (name: string, ...declaredFeatures: string[]): corev1.Node => {
  const plain = node(name);
  return { ...plain, status: { ...plain.status, declaredFeatures } };
};
const container = (action: string): corev1.Container => ({ name: 'main', image: 'image', restartPolicyRules: [{ action, exitCodes: { operator: 'In', values: [1] } }] });
const needs: Partial<corev1.PodSpec> = { containers: [container('RestartAllContainers')] };
const none = "0/2 nodes are available: 2 node(s) didn't match Pod's required features.";

describe('NodeDeclaredFeatures', () => {
  it.each<[string, Partial<corev1.PodSpec>, corev1.Node[], string]>([
    ['a pod that needs none', {}, [node('a'), node('b')], 'a'],
    ['a pod with a rule that every node knows', { containers: [container('Restart')] }, [node('a'), node('b')], 'a'],
    ['a pod that needs one, on who has it', needs, [declaring('a', 'Another'), declaring('b', 'Another', feature)], 'b'],
    ['a pod whose init container needs one', { initContainers: [container('RestartAllContainers')] }, [node('a'), declaring('b', feature)], 'b'],
    ['a pod that nobody can serve', needs, [node('a'), declaring('b', 'Another')], none],
  ])('places %s', (_what, spec, nodes, expected) => {
    expect(placed(pod(spec), cluster(nodes), only(nodeDeclaredFeatures))).toBe(expected);
  });

  it('is helped by a node that declares what is needed, and by no other', () => {
    const { NodeAdd, NodeUpdateNodeDeclaredFeature } = nodeDeclaredFeatures.hints ?? {};
    const helps = (hint: typeof NodeAdd, name: 'NodeAdd' | 'NodeUpdateNodeDeclaredFeature', after: corev1.Node): boolean | undefined => hint?.(podInfo(pod(needs)), { name, after }, cluster([]));
    expect(helps(NodeAdd, 'NodeAdd', declaring('a', feature))).toBe(true);
    expect(helps(NodeAdd, 'NodeAdd', node('a'))).toBe(false);
    expect(helps(NodeUpdateNodeDeclaredFeature, 'NodeUpdateNodeDeclaredFeature', declaring('a', feature))).toBe(true);
    expect(helps(NodeUpdateNodeDeclaredFeature, 'NodeUpdateNodeDeclaredFeature', declaring('a', 'Another'))).toBe(false);
  });

  it('tells pods apart that need other features', () => {
    expect([needs, {}].map((spec) => nodeDeclaredFeatures.sign?.(podInfo(pod(spec)), cluster([])))).toEqual([[feature], []]);
  });
});

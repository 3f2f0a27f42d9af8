import { cluster, node, only, placed, pod } from '../testing/test-cluster';
import { podInfo } from '../state/pod-info';
import { nodeName } from './node-name';

const state = cluster([node('a'), node('b')]);
const profile = only(nodeName);

describe('NodeName', () => {
  it.each<[string, string | undefined, string]>([
    ['a pod that names its node', 'b', 'b'],
    ['a pod that names none', undefined, 'a'],
    ['a pod whose name for a node is empty', '', 'a'],
    ['a pod that names a node that is not there', 'c', "0/2 nodes are available: 2 node(s) didn't match the requested node name."],
    ['a pod whose node has the name only in part', 'aa', "0/2 nodes are available: 2 node(s) didn't match the requested node name."],
  ])('places %s', (_what, name, expected) => {
    expect(placed(pod(name === undefined ? {} : { nodeName: name }), state, profile)).toBe(expected);
  });

  it('has nothing to say of pods that name no node, so that no node is asked about', () => {
    expect(nodeName.preFilter?.(podInfo(pod()), state)).toBeUndefined();
  });

  it('knows that removing pods does not help', () => {
    const filter = nodeName.preFilter?.(podInfo(pod({ nodeName: 'c' })), state);
    expect(typeof filter === 'function' ? state.nodes.map((each) => filter(each)?.unresolvable) : undefined).toEqual([true, true]);
  });

  it('is helped by a node that comes, and signs the name', () => {
    expect(Object.keys(nodeName.hints ?? {})).toEqual(['NodeAdd']);
    expect(nodeName.sign?.(podInfo(pod({ nodeName: 'b' })), state)).toEqual(['b']);
  });
});

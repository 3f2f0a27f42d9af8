import type { corev1 } from '@navarch/api';
import type { ClusterEvent, SchedulerPlugin } from '../framework';
import { podInfo } from '../state/pod-info';
import { cluster, node, only, placed, pod, scores } from '../testing/test-cluster';
import { imageLocality } from './image-locality';
import { nodeAffinity } from './node-affinity';
import { nodePorts } from './node-ports';
import { nodeUnschedulable } from './node-unschedulable';
import { schedulingGates } from './scheduling-gates';
import { taintToleration } from './taint-toleration';

const terms = (...nodeSelectorTerms: corev1.NodeSelectorTerm[]): Partial<corev1.PodSpec> => ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
const expression = (key: string, operator: string, ...values: string[]): corev1.NodeSelectorTerm => ({ matchExpressions: [{ key, operator, values }] });

describe('TaintToleration of what compares numbers', () => {
  const rated = (...values: string[]): corev1.Node[] => values.map((value, index) => node('abcdef'.charAt(index), { spec: { taints: [{ key: 'rate', value, effect: 'NoSchedule' }] } }));
  const compares = (operator: string, value: string): Partial<corev1.PodSpec> => ({ tolerations: [{ key: 'rate', operator, value, effect: 'NoSchedule' }] });
  const none = '0/2 nodes are available: 2 node(s) had untolerated taint(s).';
  it.each<[string, Partial<corev1.PodSpec>, corev1.Node[], string]>([
    ['a taint of more', compares('Gt', '950'), rated('950', '951'), 'b'],
    ['a taint of less', compares('Lt', '-5'), rated('-5', '-6'), 'b'],
    ['numbers that a double cannot tell apart', compares('Gt', '9223372036854775806'), rated('9223372036854775806', '9223372036854775807'), 'b'],
    ['no number that is written otherwise', compares('Gt', '5'), rated('007', '+8'), none],
    ['no number of more than 64 bits', compares('Gt', '5'), rated('9223372036854775808', '99999999999999999999'), none],
    ['nothing, if it is compared with such a number', compares('Lt', '9223372036854775808'), rated('1', '2'), none],
    ['nothing of another key', { tolerations: [{ key: 'price', operator: 'Gt', value: '5' }] }, rated('7', '8'), none],
  ])('tolerates %s', (_name, spec, nodes, expected) => {
    expect(placed(pod(spec), cluster(nodes), only(taintToleration))).toBe(expected);
  });
});

describe('NodeAffinity', () => {
  const nodes = [node('a', { labels: { size: '3', disk: 'hdd' } }), node('b', { labels: { size: '7', disk: 'ssd' } })];
  const none = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.";
  it.each<[string, Partial<corev1.PodSpec>, string]>([
    ['In', terms(expression('disk', 'In', 'ssd', 'nvme')), 'b'],
    ['NotIn', terms(expression('disk', 'NotIn', 'hdd')), 'b'],
    ['Exists', terms(expression('gpu', 'Exists')), none],
    ['DoesNotExist', terms(expression('gpu', 'DoesNotExist')), 'a'],
    ['Gt', terms(expression('size', 'Gt', '5')), 'b'],
    ['Lt', terms(expression('size', 'Lt', '3')), none],
    ['any term', terms(expression('gpu', 'Exists'), expression('disk', 'In', 'ssd')), 'b'],
    ['an empty term is none', terms({}), none],
    ['and the selector besides', { ...terms(expression('size', 'Exists')), nodeSelector: { disk: 'ssd' } }, 'b'],
    ['a node by its name', terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }), 'b'],
    ['two names at once', terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }, { key: 'metadata.name', operator: 'In', values: ['b'] }] }), '0/2 nodes are available: pod affinity terms conflict.'],
    ['any node, if one term names none', terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }], ...expression('disk', 'In', 'ssd') }, expression('size', 'Gt', '5')), 'b'],
    ['a node that is not there', terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['c'] }] }), "0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity]."],
  ])('%s', (_name, spec, expected) => {
    expect(placed(pod(spec), cluster(nodes), only(nodeAffinity()))).toBe(expected);
  });

  it('adds the affinity that its profile says', () => {
    const addedAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [expression('disk', 'In', 'ssd')] } };
    expect(placed(pod(), cluster(nodes), only(nodeAffinity({ addedAffinity })))).toBe('b');
    expect(placed(pod(), cluster([nodes[0] as corev1.Node]), only(nodeAffinity({ addedAffinity })))).toBe("0/1 nodes are available: 1 node(s) didn't match scheduler-enforced node affinity.");
  });

  it('scores by the weights that match', () => {
    const preferred = [{ weight: 2, preference: expression('disk', 'In', 'ssd') }, { weight: 1, preference: expression('size', 'Exists') }];
    // b has 3 of at most 3, a has 1: 33.
    expect(scores(pod({ affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } }), cluster(nodes), nodeAffinity())).toEqual({ a: 33, b: 100 });
  });
});

describe('TaintToleration', () => {
  const soft: corev1.NodeSpec = { taints: [{ key: 'old', effect: 'PreferNoSchedule' }] };
  it('likes nodes with fewer taints that the pod does not tolerate', () => {
    const state = cluster([node('a', { spec: soft }), node('b')]);
    expect(scores(pod(), state, taintToleration)).toEqual({ a: 0, b: 100 });
    expect(scores(pod({ tolerations: [{ key: 'old', operator: 'Exists' }] }), state, taintToleration)).toEqual({ a: 100, b: 100 });
  });

  it('keeps pods away that do not tolerate every taint', () => {
    const tainted = node('a', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoExecute' }] } });
    expect(placed(pod(), cluster([tainted]), only(taintToleration))).toBe('0/1 nodes are available: 1 node(s) had untolerated taint(s).');
    expect(placed(pod({ tolerations: [{ key: 'gpu', value: 'yes' }] }), cluster([tainted]), only(taintToleration))).toBe('a');
  });
});

describe('ImageLocality', () => {
  it('likes nodes that have the image, in proportion to its size and spread', () => {
    const mb = 1024 * 1024;
    const state = cluster([node('a', { images: [{ names: ['app:latest'], sizeBytes: 1000 * mb }] }), node('b')]);
    // Half of the nodes have it: 500 of 1000 MB count; (500 - 23) / (1000 - 23).
    expect(scores(pod({ containers: [{ name: 'main', image: 'app' }] }), state, imageLocality)).toEqual({ a: 48, b: 0 });
    expect(scores(pod(), state, imageLocality)).toEqual({});
    // A volume made from an image is fetched as one: of the two images that are wanted 2000 MB could count.
    const mounts = pod({ volumes: [{ name: 'v', image: { reference: 'app' } }] });
    expect(scores(mounts, state, imageLocality)).toEqual({ a: 24, b: 0 });
  });
});

describe('NodePorts', () => {
  const claiming = (hostPort: number, hostIP?: string, nodeName?: string): corev1.Pod =>
    pod({ containers: [{ name: 'main', image: 'image', ports: [{ containerPort: 80, hostPort, ...(hostIP === undefined ? {} : { hostIP }) }] }], ...(nodeName === undefined ? {} : { nodeName }) });
  it.each([
    ['another port', claiming(81), 'a'],
    ['the same port', claiming(80), "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."],
    ['the same port on any address', claiming(80, '0.0.0.0'), "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."],
    ['the same port on another address', claiming(80, '10.0.0.2'), 'a'],
  ])('%s', (_name, candidate, expected) => {
    expect(placed(candidate, cluster([node('a'), claiming(80, '10.0.0.1', 'a')]), only(nodePorts))).toBe(expected);
  });
});

describe('what helps a pod that was refused', () => {
  const gated = podInfo(pod({ schedulingGates: [{ name: 'g' }] }));
  const tainted = node('n', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } });
  const cordoned = node('n', { spec: { unschedulable: true } });
  const claimsPort = podInfo(pod({ containers: [{ name: 'm', image: 'i', ports: [{ containerPort: 1, hostPort: 80 }] }] }));
  it.each<[string, SchedulerPlugin, ReturnType<typeof podInfo>, ClusterEvent, boolean]>([
    ['a node without the taint', taintToleration, podInfo(pod()), { name: 'NodeUpdateNodeTaint', before: tainted, after: node('n') }, true],
    ['a node that is still tainted', taintToleration, podInfo(pod()), { name: 'NodeUpdateNodeTaint', before: tainted, after: tainted }, false],
    ['a node that had no such taint before', taintToleration, podInfo(pod()), { name: 'NodeUpdateNodeTaint', before: node('n'), after: node('n') }, false],
    ['a new node whose taint is tolerated', taintToleration, podInfo(pod({ tolerations: [{ key: 'k', operator: 'Exists' }] })), { name: 'NodeAdd', after: tainted }, true],
    ['a node that is not cordoned any more', nodeUnschedulable, podInfo(pod()), { name: 'NodeUpdateNodeTaint', before: cordoned, after: node('n') }, true],
    ['a node that was not cordoned before', nodeUnschedulable, podInfo(pod()), { name: 'NodeUpdateNodeTaint', before: node('n'), after: tainted }, false],
    ['a toleration of cordoned nodes', nodeUnschedulable, podInfo(pod({ tolerations: [{ operator: 'Exists' }] })), { name: 'PodUpdatePodToleration' }, true],
    ['a toleration of something else', nodeUnschedulable, podInfo(pod({ tolerations: [{ key: 'k', operator: 'Exists' }] })), { name: 'PodUpdatePodToleration' }, false],
    ['a new node that is cordoned', nodeUnschedulable, podInfo(pod()), { name: 'NodeAdd', after: cordoned }, false],
    ['a label that the selector wants', nodeAffinity(), podInfo(pod({ nodeSelector: { disk: 'ssd' } })), { name: 'NodeUpdateNodeLabel', after: node('n', { labels: { disk: 'ssd' } }) }, true],
    ['another label', nodeAffinity(), podInfo(pod({ nodeSelector: { disk: 'ssd' } })), { name: 'NodeUpdateNodeLabel', after: node('n', { labels: { disk: 'hdd' } }) }, false],
    ['another label of a node that the selector wanted already', nodeAffinity(), podInfo(pod({ nodeSelector: { disk: 'ssd' } })), { name: 'NodeUpdateNodeLabel', before: node('n', { labels: { disk: 'ssd' } }), after: node('n', { labels: { disk: 'ssd', x: '1' } }) }, false],
    ['a new node that the selector wants', nodeAffinity(), podInfo(pod({ nodeSelector: { disk: 'ssd' } })), { name: 'NodeAdd', after: node('n', { labels: { disk: 'ssd' } }) }, true],
    ['a new node that it does not want', nodeAffinity(), podInfo(pod({ nodeSelector: { disk: 'ssd' } })), { name: 'NodeAdd', after: node('n') }, false],
    ['a new node that the profile does not want', nodeAffinity({ addedAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'Exists' }] }] } } }), podInfo(pod()), { name: 'NodeAdd', after: node('n') }, false],
    ['a pod that frees the port', nodePorts, claimsPort, { name: 'AssignedPodDelete', before: claimsPort.pod }, true],
    ['a pod that frees no port', nodePorts, claimsPort, { name: 'AssignedPodDelete', before: pod() }, false],
    ['the last gate that goes', schedulingGates, gated, { name: 'PodUpdatePodSchedulingGatesEliminated' }, true],
  ])('%s', (_name, plugin, info, event, expected) => {
    expect(plugin.hints?.[event.name]?.(info, event, cluster([]))).toBe(expected);
  });
});

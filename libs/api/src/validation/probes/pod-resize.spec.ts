import { type Probe, statusOf } from './probe';

type Row = readonly [field: string, reason: Probe['reason'], message: string];
const container = (requests: object, parts: object = {}): object => ({ name: 'c', image: 'i', resources: { requests }, ...parts });
const pod = (containers: object[], parts: object = {}, status?: object): object => ({ spec: { containers, ...parts }, ...(status ? { status } : {}) });
const init = (parts: object): object => pod([container({ cpu: '1' })], { initContainers: [{ name: 'i', image: 'i', ...parts }] });
const small = pod([container({ cpu: '1' })]);
const large = pod([container({ cpu: '2' })]);
const running = (parts: object): object => ({ qosClass: 'Burstable', containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready: true, restartCount: 0, state: { running: {} }, ...parts }] });

describe('a resize', () => {
  const causesOf = (old: object, object: object): Row[] => (statusOf({ kind: '/Pod', view: 'resize', old, object })?.causes ?? []).map(({ field = '', reason = '', message = '' }) => [field, reason as Probe['reason'], message]);
  const forbidden = 'FieldValueForbidden';
  const nothingElse = 'Forbidden: only cpu and memory resources are mutable';

  it.each<[why: string, old: object, next: object, ...causes: Row[]]>([
    ['of a static pod', { ...small, metadata: { annotations: { 'kubernetes.io/config.mirror': 'a' } } }, large, ['[]', forbidden, 'Forbidden: static pods cannot be resized']],
    ['of a Windows pod', pod([container({ cpu: '1' })], { os: { name: 'windows' } }), pod([container({ cpu: '2' })], { os: { name: 'windows' } }), ['[]', forbidden, 'Forbidden: windows pods cannot be resized']],
    ['to another class', pod([container({ cpu: '1', memory: '1Gi' })], {}, { qosClass: 'Burstable' }), pod([container({ cpu: '1', memory: '1Gi' }, { resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } } })], {}, { qosClass: 'Burstable' }),
      ['spec', 'FieldValueInvalid', 'Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing']],
    ['on a node that cannot', pod([container({ cpu: '1' })], {}, running({})), large, ['spec', forbidden, 'Forbidden: Pod running on node without support for resize']],
    ['with a container more', small, pod([container({ cpu: '1' }), container({}, { name: 'd' })]), ['spec.containers', forbidden, 'Forbidden: containers may not be added or removed on resize']],
    ['with an init container less', init({}), small, ['spec.initContainers', forbidden, 'Forbidden: initContainers may not be added or removed on resize']],
    ['with another name', small, pod([container({ cpu: '1' }, { name: 'd' })]), ['spec.containers[0].name', forbidden, 'Forbidden: containers may not be renamed or reordered on resize']],
    ['without a request that was there', pod([container({ cpu: '1', memory: '1Gi' })]), small, ['spec.containers[0].resources.requests', forbidden, 'Forbidden: resource requests cannot be removed']],
    ['without a limit that was there', pod([container({ cpu: '1' }, { resources: { requests: { cpu: '1' }, limits: { cpu: '2' } } })]), small, ['spec.containers[0].resources.limits', forbidden, 'Forbidden: resource limits cannot be removed']],
    ['of the whole pod, to nothing', pod([container({})], { resources: { requests: { cpu: '1' } } }), pod([container({})]), ['spec', 'FieldValueInvalid', 'Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'],
      ['spec.resources', forbidden, 'Forbidden: pod-level resources cannot be removed']],
    ['of the whole pod\'s huge pages', pod([container({})], { resources: { requests: { cpu: '1', 'hugepages-2Mi': '2Mi' }, limits: { 'hugepages-2Mi': '2Mi' } } }),
      pod([container({})], { resources: { requests: { cpu: '1', 'hugepages-2Mi': '4Mi' }, limits: { 'hugepages-2Mi': '4Mi' } } }), ['spec', forbidden, 'Forbidden: only cpu and memory resources are mutable at pod-level']],
    ['of another resource', pod([container({ cpu: '1', 'ephemeral-storage': '1Gi' })]), pod([container({ cpu: '1', 'ephemeral-storage': '2Gi' })]), ['spec', forbidden, nothingElse]],
    ['with another policy', small, pod([container({ cpu: '2' }, { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] })]), ['spec', forbidden, nothingElse]],
    ['of another resource of an init container', init({ resources: { requests: { 'ephemeral-storage': '1Gi' } } }), init({ resources: { requests: { 'ephemeral-storage': '2Gi' } } }),
      ['spec.initContainers[0]', forbidden, 'Forbidden: only cpu and memory resources for init or sidecar containers are mutable']],
    ['of an init container that would restart', init({ resources: { requests: { cpu: '1' } }, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }), init({ resources: { requests: { cpu: '2' } }, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }),
      ['spec.initContainers[0]', forbidden, 'Forbidden: non-sidecar init containers with a resize policy of RestartContainer cannot be resized']],
  ])('%s is refused', (_why, old, next, ...causes) => {
    expect(causesOf(old, next)).toEqual(causes);
  });

  it.each<[why: string, old: object, next: object]>([
    ['more processor time', small, large],
    ['less memory, within the limit', pod([container({ memory: '2Gi' }, { resources: { requests: { memory: '1Gi' }, limits: { memory: '2Gi' } } })]), pod([container({}, { resources: { requests: { memory: '512Mi' }, limits: { memory: '1Gi' } } })])],
    ['a request that was not there', small, pod([container({ cpu: '1', memory: '1Gi' })])],
    ['the same in other words', pod([container({ cpu: '1' })]), pod([container({ cpu: '1000m' })])],
    ['a sidecar\'s processor time', init({ restartPolicy: 'Always', resources: { requests: { cpu: '1' } } }), init({ restartPolicy: 'Always', resources: { requests: { cpu: '2' } } })],
    ['more on a node that can', pod([container({ cpu: '1' })], {}, running({ resources: { requests: { cpu: '1' } } })), pod([container({ cpu: '2' })])],
    ['another image, which does not count here', small, pod([container({ cpu: '2' }, { image: 'other' })])],
  ])('to %s is taken', (_why, old, next) => {
    expect(causesOf(old, next)).toEqual([]);
  });
});

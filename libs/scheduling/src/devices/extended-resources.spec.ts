import type { corev1 } from '@navarch/api';
import fc from 'fast-check';
import { podRequests } from '../state/pod-requests';
import { deviceRequests } from './extended-resources';

const gpu = 'example.com/gpu';
const container = (name: string, requests: Record<string, string>, more: Partial<corev1.Container> = {}): corev1.Container => ({ name, image: 'x', resources: { requests, limits: requests }, ...more });
const sidecar = (name: string, requests: Record<string, string>): corev1.Container => container(name, requests, { restartPolicy: 'Always' });

describe('device requests for extended resources', () => {
  const made = (spec: corev1.PodSpec, resources: Record<string, string> = { [gpu]: 'gpu' }): { requests: Record<string, number>; mappings: string[] } => {
    const { requests, mappings } = deviceRequests(spec, new Map(Object.entries(resources)));
    return { requests: Object.fromEntries(requests.map(({ name, exactly }) => [name, exactly?.count ?? 0])), mappings: mappings.map(({ containerName, resourceName, requestName }) => `${containerName} ${resourceName} ${requestName}`) };
  };

  it('are one for each container that stays, named by its place and that of the resource among all it requests', () => {
    expect(made({ containers: [container('a', { cpu: '1', [gpu]: '2' }), container('b', { cpu: '1' }), container('c', { [gpu]: '1' })] })).toEqual({
      requests: { 'container-0-request-1': 2, 'container-2-request-0': 1 },
      mappings: [`a ${gpu} container-0-request-1`, `c ${gpu} container-2-request-0`],
    });
  });

  it('say the class, and how many', () => {
    expect(deviceRequests({ containers: [container('a', { [gpu]: '2' })] }, new Map([[gpu, 'fast']])).requests).toEqual([{ name: 'container-0-request-0', exactly: { deviceClassName: 'fast', allocationMode: 'ExactCount', count: 2 } }]);
  });

  it('are shared with an init container that ends before, which gets more only if it needs more', () => {
    expect(made({ initContainers: [container('one', { [gpu]: '1' }), container('three', { [gpu]: '3' })], containers: [container('main', { [gpu]: '2' })] })).toEqual({
      requests: { 'container-1-request-0': 1, 'container-2-request-0': 2 },
      mappings: [`main ${gpu} container-2-request-0`, `one ${gpu} container-2-request-0`, `three ${gpu} container-2-request-0`, `three ${gpu} container-1-request-0`],
    });
  });

  it('are one for all init containers that end, the greatest', () => {
    expect(made({ initContainers: [container('two', { [gpu]: '2' }), container('five', { [gpu]: '5' })], containers: [container('main', {})] })).toEqual({
      requests: { 'container-1-request-0': 5 },
      mappings: [`two ${gpu} container-1-request-0`, `five ${gpu} container-1-request-0`],
    });
  });

  it('of a sidecar are not for an init container that runs beside it', () => {
    expect(made({ initContainers: [sidecar('proxy', { [gpu]: '1' }), container('setup', { [gpu]: '1' })], containers: [container('main', {})] }).requests).toEqual({ 'container-0-request-0': 1, 'container-1-request-0': 1 });
  });

  it('leave out resources that are no devices', () => {
    expect(made({ containers: [container('a', { 'example.com/nic': '1', [gpu]: '1' })] }, { 'example.com/nic': 'nic' }).requests).toEqual({ 'container-0-request-1': 1 });
  });

  it('come to what the pod requests, and give each container what it does', () => {
    const amount = fc.integer({ min: 0, max: 4 });
    const inits = fc.array(fc.record({ amount, stays: fc.boolean() }), { maxLength: 4 });
    fc.assert(fc.property(inits, fc.array(amount, { minLength: 1, maxLength: 4 }), (init, main) => {
      const spec: corev1.PodSpec = {
        initContainers: init.map(({ amount: wanted, stays }, index) => (stays ? sidecar : container)(`init-${index}`, { [gpu]: String(wanted) })),
        containers: main.map((wanted, index) => container(`main-${index}`, { [gpu]: String(wanted) })),
      };
      const { requests, mappings } = deviceRequests(spec, new Map([[gpu, 'gpu']]));
      const counts = new Map(requests.map(({ name, exactly }) => [name, exactly?.count ?? 0]));
      expect(counts.size).toBe(requests.length);
      expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(podRequests({ spec }).requests.scalar.get(gpu) ?? 0);
      for (const { name, resources } of [...(spec.initContainers ?? []), ...spec.containers]) {
        const own = mappings.filter(({ containerName }) => containerName === name).map(({ requestName }) => counts.get(requestName) ?? Number.NaN);
        expect(own.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(Number(resources?.requests?.[gpu]));
      }
    }));
  });
});

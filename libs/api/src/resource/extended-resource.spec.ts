import type { resourcev1 } from '../gen';
import { deviceClassOfResource } from './extended-resource';

const gpu = 'example.com/gpu';
const deviceClass = (name: string, extendedResourceName?: string, creationTimestamp = '2026-01-01T00:00:00Z'): resourcev1.DeviceClass => ({
  metadata: { name, creationTimestamp },
  spec: extendedResourceName === undefined ? {} : { extendedResourceName },
});

describe('the class of an extended resource', () => {
  it.each<[string, string, resourcev1.DeviceClass[], string | undefined]>([
    ['says so itself', gpu, [deviceClass('other'), deviceClass('gpu', gpu)], 'gpu'],
    ['is named by the resource', 'deviceclass.resource.kubernetes.io/gpu', [deviceClass('gpu', 'example.com/else')], 'gpu'],
    ['is none that is not there', 'deviceclass.resource.kubernetes.io/gpu', [deviceClass('tpu')], undefined],
    ['is none for a resource that no class names', gpu, [deviceClass('gpu')], undefined],
    ['is the youngest of several', gpu, [deviceClass('a', gpu), deviceClass('b', gpu, '2026-01-02T00:00:00Z'), deviceClass('c', gpu)], 'b'],
    ['is the first by name of those of one age', gpu, [deviceClass('c', gpu), deviceClass('b', gpu)], 'b'],
  ])('%s', (_name, resource, classes, expected) => {
    expect(deviceClassOfResource(resource, classes)?.metadata.name).toBe(expected);
  });
});

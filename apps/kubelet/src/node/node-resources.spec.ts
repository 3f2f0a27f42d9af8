import { runtimev1 } from '@navarch/proto';
import { nodeImages } from './node-object';
import { nodeResources, podsOn } from './node-resources';

it.each([
  [{ maxPods: 110, podsPerCore: 0 }, 110], [{ maxPods: 110, podsPerCore: 10 }, 40], [{ maxPods: 30, podsPerCore: 10 }, 30],
])('a machine of four processors has room for pods: %j', (limits, pods) => expect(podsOn({ cpus: 4 }, limits)).toBe(pods));

it('a node has no disk for pods where nobody is to count what they write', () => {
  const machine = { cpus: 4, memoryBytes: 2 ** 30, storageBytes: 2 ** 30, hugepages: {} };
  const has = (localStorage: boolean): boolean[] => Object.values(nodeResources(machine, 10, { kubeReserved: {}, systemReserved: {}, evictionHard: {} }, localStorage)).map((resources) => 'ephemeral-storage' in resources);
  expect([has(true), has(false)]).toEqual([[true, true], [false, false]]);
});

it('a node tells of its largest images, as many as it is to', () => {
  const images = [1n, 3n, 2n].map((size) => runtimev1.Image.fromPartial({ repoTags: [`app:${size}`], size }));
  const told = (max: number): unknown => nodeImages(images, max).map(({ sizeBytes }) => sizeBytes);
  expect([told(2), told(0), told(-1)]).toEqual([[3, 2], [], [3, 2, 1]]);
});

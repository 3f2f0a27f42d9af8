import { runtimev1 } from '@navarch/proto';
import { nodeImages } from './node-object';
import { podsOn } from './node-resources';

it.each([
  [{ maxPods: 110, podsPerCore: 0 }, 110], [{ maxPods: 110, podsPerCore: 10 }, 40], [{ maxPods: 30, podsPerCore: 10 }, 30],
])('a machine of four processors has room for pods: %j', (limits, pods) => expect(podsOn({ cpus: 4 }, limits)).toBe(pods));

it('a node tells of its largest images, as many as it is to', () => {
  const images = [1n, 3n, 2n].map((size) => runtimev1.Image.fromPartial({ repoTags: [`app:${size}`], size }));
  const told = (max: number): unknown => nodeImages(images, max).map(({ sizeBytes }) => sizeBytes);
  expect([told(2), told(0), told(-1)]).toEqual([[3, 2], [], [3, 2, 1]]);
});

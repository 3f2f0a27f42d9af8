import { type corev1 } from '@navarch/api';
import { aContainer, aPod } from '../testing/pod-bench';
import { nestedMountPoints } from './nested-mounts';

describe('what is mounted within a volume', () => {
  const mounts = (...paths: readonly string[]): Partial<corev1.Container> => ({ volumeMounts: paths.map((text) => text.split(' ')).map(([name = '', mountPath = '']) => ({ name, mountPath })) });

  it.each<[string, string[], string[]]>([
    ['nothing', ['v /dir', 'w /dir2'], []],
    ['a volume', ['v /dir', 'w /dir/nested'], ['nested']],
    ['volumes, in any order, but not what is in those', ['x /dir/nested/double', 'w /dir/nested/', 'y /ignore', 'v /dir/', 'x /dir/nested2', 'z /dir/nested-too'], ['nested', 'nested2', 'nested-too']],
    ['volumes at each of its places', ['v /dir', 'w /dir/nested', 'v /other', 'x /other/deep/er'], ['nested', 'deep/er']],
    ['nothing in what is only called alike', ['v /mnt', 'w /mnt7'], []],
  ])('%s', (_what, paths, expected) => {
    expect(nestedMountPoints(aPod({ containers: [aContainer('main', mounts(...paths))] }), 'v')).toEqual(expected);
  });

  it('by containers of all sorts, each for itself', () => {
    const pod = aPod({ initContainers: [aContainer('first', mounts('v /a', 'w /a/x'))], containers: [aContainer('main', mounts('v /b', 'w /a/y'))], ephemeralContainers: [aContainer('late', mounts('v /c', 'w /c/z'))] });
    expect(nestedMountPoints(pod, 'v').sort()).toEqual(['x', 'z']);
  });

  it('nothing outside of the container', () => {
    expect(() => nestedMountPoints(aPod({ containers: [aContainer('main', mounts('v foo/../../dir', 'w foo/../../dir/skip'))] }), 'v')).toThrow('invalid container mount point ../dir');
  });
});

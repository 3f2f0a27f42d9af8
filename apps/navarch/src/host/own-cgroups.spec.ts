import { beginsOutside } from './own-cgroups';

const line = (root: string, type: string, place = '/sys/fs/cgroup'): string => `83 72 0:37 ${root} ${place} rw,relatime shared:9 - ${type} ${type} rw`;

describe('the cgroups of a node in a container', () => {
  it.each([
    ['the host\'s tree, seen from a namespace below', [line('/..', 'cgroup2')], true],
    ['deeper below', [line('/../../..', 'cgroup2')], true],
    ['a tree of its own', [line('/', 'cgroup2')], false],
    ['a tree of its own, laid over the host\'s', [line('/..', 'cgroup2'), line('/', 'cgroup2')], false],
    ['cgroups v1', [line('/', 'tmpfs'), line('/..', 'cgroup', '/sys/fs/cgroup/cpu'), line('/..', 'cgroup2', '/sys/fs/cgroup/unified')], false],
    ['none', [], false],
  ])('%s', (_what, lines, expected) => expect(beginsOutside(`22 1 0:5 / / rw - overlay overlay rw\n${lines.join('\n')}\n`)).toBe(expected));
});

import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type certificatesv1beta1, type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { parseEnvFile } from '../containers/env-file';
import { aContainer, aPod } from '../testing/pod-bench';
import { RecordedEvents } from '../testing/recorded-events';
import { noCsi, noObjects } from '../testing/volume-objects';
import { hugePageOptions, memorySize } from './empty-dir';
import { imageVolumesError } from './image-volumes';
import { NoMounter } from './mounter';
import { nfsMount } from './nfs';
import { setGroupOwnership, type OwnershipPolicy } from './ownership';
import { PodDirectories } from './pod-directories';
import { PodVolumes } from './pod-volumes';
import { resolveVolume, type ResolvedVolume } from './resolved-volume';
import { trustAnchors } from './trust-anchors';
import { groupsOfVolumes } from './volume-groups';

const pv = (spec: corev1.PersistentVolumeSpec): corev1.PersistentVolume => ({ metadata: { name: 'pv' }, spec });
const bound = (more: Partial<corev1.PersistentVolumeClaim['metadata']> = {}): corev1.PersistentVolumeClaim => ({ metadata: { name: 'c', uid: 'c-uid', ...more }, spec: { volumeName: 'pv' }, status: { phase: 'Bound' } });
const objects = (volume: corev1.PersistentVolume, claim = bound()) => ({ ...noObjects, claim: () => Promise.resolve(claim), volume: () => Promise.resolve(volume) });
const thisNode = { name: 'node-1', labels: { disk: 'ssd' } };
const viaClaim: corev1.Volume = { name: 'v', persistentVolumeClaim: { claimName: 'c' } };

describe('resolveVolume', () => {
  it('follows a claim to what its volume is made of', async () => {
    await expect(resolveVolume(aPod(), viaClaim, objects(pv({ local: { path: '/mnt/a' }, mountOptions: ['noatime'], volumeMode: 'Filesystem', accessModes: ['ReadWriteOnce'] })))).resolves.toMatchObject({
      name: 'v', specName: 'pv', source: { kind: 'local', local: { path: '/mnt/a' } }, mountOptions: ['noatime'], block: false, readOnly: false,
    });
    await expect(resolveVolume(aPod(), { name: 'v', persistentVolumeClaim: { claimName: 'c', readOnly: true } }, objects(pv({ hostPath: { path: '/x' }, volumeMode: 'Block' })))).resolves.toMatchObject({ source: { kind: 'hostPath' }, block: true, readOnly: true });
  });

  it('follows a generic ephemeral volume to the claim made for this very pod', async () => {
    const pod = aPod();
    const volume: corev1.Volume = { name: 'v', ephemeral: {} };
    await expect(resolveVolume(pod, volume, objects(pv({ hostPath: { path: '/x' } }), bound({ namespace: 'default', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid ?? '', controller: true }] })))).resolves.toMatchObject({ specName: 'pv' });
    await expect(resolveVolume(pod, volume, objects(pv({ hostPath: { path: '/x' } })))).rejects.toThrow('PVC default/web-v was not created for pod default/web (pod is not owner)');
  });

  it.each<[string, corev1.Volume, corev1.PersistentVolume, string]>([
    ['a volume that is another claim\'s', viaClaim, pv({ hostPath: { path: '/x' }, claimRef: { uid: 'other' } }), 'error processing PVC default/c: found PV object pv but its pv.Spec.ClaimRef.UID other does not point to claim.UID c-uid'],
    ['a source it does not know', viaClaim, pv({ fc: {} }), 'no volume plugin matched persistent volume pv'],
    ['an inline source it does not know', { name: 'v', gitRepo: { repository: 'x' } }, pv({}), 'no volume plugin matched name: gitRepo'],
  ])('refuses %s', async (_what, volume, persistent, message) => {
    await expect(resolveVolume(aPod(), volume, objects(persistent))).rejects.toThrow(message);
  });

  it.each<[string, Partial<corev1.Container>, string]>([
    ['Block', { volumeMounts: [{ name: 'v', mountPath: '/v' }] }, 'volume v has volumeMode Block, but is specified in volumeMounts'],
    ['Filesystem', { volumeDevices: [{ name: 'v', devicePath: '/dev/v' }] }, 'volume v has volumeMode Filesystem, but is specified in volumeDevices'],
  ])('refuses a volume of mode %s to a container that wants it otherwise', async (volumeMode, container, message) => {
    await expect(resolveVolume(aPod({ containers: [aContainer('main', container)] }), viaClaim, objects(pv({ local: { path: '/x' }, volumeMode })))).rejects.toThrow(message);
  });
});

describe('PodVolumes', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'volumes-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('mounts nfs with the volume\'s options, and binds local volumes, each once', async () => {
    const mounted: string[] = [];
    const points = new Set<string>();
    const mounter = Object.assign(new NoMounter(), {
      mount: (...args: unknown[]) => { mounted.push(JSON.stringify(args)); points.add(String(args[2])); return Promise.resolve(); },
      bind: (...args: unknown[]) => { mounted.push(`bind ${JSON.stringify(args)}`); points.add(String(args[1])); return Promise.resolve(); },
      below: (directory: string) => Promise.resolve([...points].filter((point) => point.startsWith(directory))),
      unmount: (point: string) => { points.delete(point); return Promise.resolve(); },
    });
    const directories = new PodDirectories(root, join(root, 'logs'));
    const volumes = new PodVolumes({
      directories, mounter, log: silentLogger, events: new RecordedEvents(), clock: new FakeClock(), objects: objects(pv({ local: { path: root } })), image: () => Promise.resolve('sha256:abc'),
      csi: noCsi, node: () => thisNode,
      sources: () => { throw new Error('not asked for'); },
    });
    const container = aContainer('main', { volumeMounts: [{ name: 'n', mountPath: '/n' }, { name: 'v', mountPath: '/v' }, { name: 'i', mountPath: '/i', subPath: 'etc' }] });
    const pod = aPod({ containers: [container], volumes: [{ name: 'n', nfs: { server: 'fd00::1', path: '/export', readOnly: true } }, viaClaim, { name: 'i', image: { reference: 'web:1' } }] }, { uid: 'u' });
    await volumes.prepare(pod);
    await volumes.prepare(pod);
    const base = `${root}/pods/u/volumes`;
    expect(mounted.sort()).toEqual([`["nfs","[fd00::1]:/export","${base}/kubernetes.io~nfs/n",["ro"]]`, `bind ["${root}","${base}/kubernetes.io~local-volume/pv",[]]`]);
    const mounts = await volumes.mounts(pod, container, new Map(), false);
    expect(mounts.map(({ hostPath, readonly, image, imageSubPath }) => [hostPath, readonly, image?.image, imageSubPath])).toEqual([
      [`${base}/kubernetes.io~nfs/n`, true, undefined, ''], [`${base}/kubernetes.io~local-volume/pv`, false, undefined, ''], ['', true, 'sha256:abc', 'etc'],
    ]);
    await volumes.remove('u');
    expect(points.size).toBe(0);
  });

  it('gives a local volume to the group of the first of its pods, which the others are told, and containers the group that a volume names', async () => {
    const points = new Set<string>();
    const mounter = Object.assign(new NoMounter(), {
      bind: (_from: string, to: string) => { points.add(to); return Promise.resolve(); },
      below: (directory: string) => Promise.resolve([...points].filter((point) => point.startsWith(directory))),
    });
    const events = new RecordedEvents();
    const directories = new PodDirectories(root, join(root, 'logs'));
    const persistent = pv({ local: { path: root } });
    const volumes = new PodVolumes({
      directories, mounter, log: silentLogger, events, clock: new FakeClock(), image: () => Promise.resolve(''),
      objects: objects({ ...persistent, metadata: { ...persistent.metadata, annotations: { 'pv.beta.kubernetes.io/gid': '1234' } } }),
      csi: noCsi, node: () => thisNode, sources: () => { throw new Error('not asked for'); },
    });
    const own = process.getgid?.() ?? 0;
    for (const [uid, fsGroup] of [['first', own], ['second', own], ['third', own + 1]] as const) {
      await volumes.prepare(aPod({ securityContext: { fsGroup }, containers: [aContainer('main', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })], volumes: [viaClaim] }, { uid }));
      const { mode, gid } = await stat(directories.volume(uid, 'local-volume', 'pv'));
      expect([gid, (mode & 0o2070) === 0o2070]).toEqual([own, uid === 'first']);
    }
    expect(events.lines).toEqual([`AlreadyMountedVolume: The requested fsGroup is ${own + 1}, but the volume pv has GID ${own}. The volume may not be shareable.`]);
    expect([volumes.groups('first'), volumes.groups('none')]).toEqual([[1234], []]);
  });

  it('puts containers into groups that there can be, and into no others', () => {
    const warn = jest.fn();
    const volumes = ['5', '2147483648', '99999999999999999999', '-1', '1e3', '2147483647'].map((gid): ResolvedVolume => ({
      name: 'v', specName: 'pv', source: { kind: 'hostPath', hostPath: { path: '/' } }, readOnly: false, block: false, mountOptions: [], accessModes: [],
      persistentVolume: { metadata: { annotations: { 'pv.beta.kubernetes.io/gid': gid } } } as corev1.PersistentVolume,
    }));
    expect(groupsOfVolumes(volumes, { warn })).toEqual([5, 2147483647]);
    expect(warn).toHaveBeenCalledTimes(4);
  });

  describe('of a local volume', () => {
    const isOwned = async (uid: string): Promise<boolean> => ((await stat(directories().volume(uid, 'local-volume', 'pv'))).mode & 0o2070) === 0o2070;
    const directories = (): PodDirectories => new PodDirectories(root, join(root, 'logs'));
    const podOf = (uid: string): corev1.Pod => aPod({ securityContext: { fsGroup: process.getgid?.() ?? 0 }, containers: [aContainer('main', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })], volumes: [viaClaim] }, { uid });
    /** A kubelet; what it mounts is there for the next. */
    const kubelet = (points: Set<string>): PodVolumes => new PodVolumes({
      directories: directories(), mounter: Object.assign(new NoMounter(), {
        bind: (_from: string, to: string) => { points.add(to); return Promise.resolve(); },
        below: (directory: string) => Promise.resolve([...points].filter((point) => point.startsWith(directory))),
      }),
      log: silentLogger, events: new RecordedEvents(), clock: new FakeClock(), image: () => Promise.resolve(''), objects: objects(pv({ local: { path: root } })), csi: noCsi, node: () => thisNode, sources: () => { throw new Error('not asked for'); },
    });

    it('gives the files to one of two pods that come at once', async () => {
      const volumes = kubelet(new Set());
      await Promise.all(['one', 'two'].map((uid) => volumes.prepare(podOf(uid))));
      expect((await Promise.all(['one', 'two'].map(isOwned))).filter((owned) => owned)).toHaveLength(1);
    });

    it('goes on giving the files to the pod when a kubelet\'s end has cut that short, and leaves them when it was done', async () => {
      const points = new Set<string>();
      await kubelet(points).prepare(podOf('one'));
      const again = async (): Promise<boolean> => {
        await chmod(directories().volume('one', 'local-volume', 'pv'), 0o755);
        await kubelet(points).prepare(podOf('one'));
        return isOwned('one');
      };
      expect(await again()).toBe(false);
      await rm(directories().ready('one', 'local-volume', 'pv'));
      expect(await again()).toBe(true);
      // After a start of the node nothing is mounted.
      points.clear();
      expect(await again()).toBe(true);
    });

    it('leaves the files to pods that have them from an earlier kubelet', async () => {
      const points = new Set<string>();
      await kubelet(points).prepare(podOf('one'));
      await kubelet(points).prepare(podOf('two'));
      expect([await isOwned('one'), await isOwned('two')]).toEqual([true, false]);
    });
  });

  it('reads variables from files of an emptyDir, and from nowhere else', async () => {
    const volumes = new PodVolumes({
      directories: new PodDirectories(root, root), mounter: new NoMounter(), log: silentLogger, events: new RecordedEvents(), clock: new FakeClock(), objects: noObjects, image: () => Promise.resolve(''),
      csi: noCsi, node: () => thisNode, sources: () => ({ allocatable: {} }) as never,
    });
    const pod = aPod({ containers: [aContainer('main', { env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'shared', path: 'env', key: 'A' } } }] })], volumes: [{ name: 'shared', emptyDir: {} }] }, { uid: 'u' });
    await volumes.prepare(pod);
    await writeFile(`${root}/pods/u/volumes/kubernetes.io~empty-dir/shared/env`, 'A=1\n');
    expect((await volumes.readFile(pod, 'shared', 'env')).toString()).toBe('A=1\n');
    await expect(volumes.readFile(pod, 'shared', '../../../x')).rejects.toThrow("must not contain '..'");
    expect(() => volumes.readFile(pod, 'none', 'env')).toThrow('cannot find emptyDir volume "none"');
  });

  it('changes the group of what is in a volume only when its root asks for it', async () => {
    if (process.getuid?.() !== 0) return;
    const volume = join(root, 'v');
    const give = (group: number, policy: OwnershipPolicy = 'Always'): Promise<void> => setGroupOwnership(volume, { group, readOnly: false, policy, onProblem: (error) => { throw error; } });
    await mkdir(volume);
    await give(4000);
    await writeFile(join(volume, 'new'), '');
    await chown(join(volume, 'new'), 0, 0);
    await give(4000, 'OnRootMismatch');
    expect((await stat(join(volume, 'new'))).gid).toBe(0);
    await give(4000, 'Always');
    expect((await stat(join(volume, 'new'))).gid).toBe(4000);
    await give(4001, 'OnRootMismatch');
    expect((await stat(join(volume, 'new'))).gid).toBe(4001);
    await expect(readFile(join(volume, 'new'), 'utf8')).resolves.toBe('');
  });
});

describe('mount options', () => {
  it('of nfs', () => {
    expect(nfsMount({ server: 'files', path: '/a' }, false, ['nfsvers=4.1'])).toEqual({ type: 'nfs', source: 'files:/a', options: ['nfsvers=4.1'] });
  });

  it('of memory: never more than the pod or the node has', () => {
    expect(memorySize(aPod(), '1Mi', { memory: '1Gi' })).toEqual([`size=${2 ** 20}`]);
    expect(memorySize(aPod({ containers: [aContainer('a', { resources: { limits: { memory: '512Ki' } } })] }), '1Mi', { memory: '1Gi' })).toEqual([`size=${2 ** 19}`]);
    expect(memorySize(aPod(), undefined, {})).toEqual([]);
  });

  it('of huge pages', () => {
    const pod = aPod({ containers: [aContainer('a', { resources: { limits: { 'hugepages-2Mi': '4Mi' } } })] });
    expect(hugePageOptions(pod, 'HugePages')).toEqual(['pagesize=2M', `size=${4 * 2 ** 20}`]);
    expect(hugePageOptions(pod, 'HugePages-2Mi')).toEqual(['pagesize=2M', `size=${4 * 2 ** 20}`]);
    expect(() => hugePageOptions(aPod(), 'HugePages')).toThrow('only if the pod asks for huge pages');
  });
});

describe('trustAnchors', () => {
  const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
  const bundle = (name: string, signerName: string | undefined, labels: Record<string, string>, ...certificates: string[]): certificatesv1beta1.ClusterTrustBundle => ({ metadata: { name, labels }, spec: { ...(signerName === undefined ? {} : { signerName }), trustBundle: certificates.map(pem).join('\n') } });
  const all = [bundle('s:a', 's', { live: 'yes' }, 'B', 'A'), bundle('s:b', 's', { live: 'yes' }, 'B', 'C'), bundle('s:c', 's', {}, 'D'), bundle('t', undefined, { live: 'yes' }, 'E')];
  const bundles = { trustBundle: noObjects.trustBundle, trustBundles: () => Promise.resolve(all) };

  it('gathers all of a signer, each once', async () => {
    await expect(trustAnchors({ path: 'p', signerName: 's', labelSelector: { matchLabels: { live: 'yes' } } }, bundles)).resolves.toBe(['A', 'B', 'C'].map((text) => `${pem(text)}\n`).join(''));
  });

  it('fails for what is missing, unless it may be', async () => {
    await expect(trustAnchors({ path: 'p', signerName: 'x', labelSelector: {} }, bundles)).rejects.toThrow('matched zero ClusterTrustBundles');
    await expect(trustAnchors({ path: 'p', name: 'x' }, bundles)).rejects.toThrow('not found');
    await expect(trustAnchors({ path: 'p', name: 'x', optional: true }, bundles)).resolves.toBe('');
  });
});

describe('imageVolumesError', () => {
  it.each([['containerd', '1.6.20~ds1', true], ['containerd', 'v2.0.4', true], ['containerd', '2.1.0', false], ['cri-o', '1.31.0', false], ['navarch-fake', '1.0', false]])('of %s %s: %s', (name, version, fails) => {
    expect(imageVolumesError(name, version) !== undefined).toBe(fails);
  });
});

describe('parseEnvFile', () => {
  it('reads names and values', () => {
    expect([...parseEnvFile("# comment\n  A = '1' \n\nB='x # \"$Y\"\n\n  z\\'\r\nD=''\n")]).toEqual([['A', '1'], ['B', 'x # "$Y"\n\n  z\\'], ['D', '']]);
  });

  it.each([
    ["A '1'", 'invalid line 1: not NAME=\'value\''], ["\n='1'", 'invalid line 2: not NAME=\'value\''], ["A='x\nB", 'invalid line 1: quotes are not closed'], ['A=1', 'invalid line 1: the value is not in single quotes'],
    ['A="1"', 'invalid line 1: the value is not in single quotes'], ['A=', 'invalid line 1: the value is not in single quotes'], ["A='1''2'", 'invalid line 1: nothing may follow the value'], ["A='1'$B", 'invalid line 1: nothing may follow the value'],
  ])('refuses %j, as upstream', (text, message) => {
    expect(() => parseEnvFile(text)).toThrow(message);
  });
});

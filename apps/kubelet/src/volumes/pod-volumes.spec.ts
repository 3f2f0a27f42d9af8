import { promises } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type authenticationv1, type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { aContainer, aPod } from '../testing/pod-bench';
import { RecordedEvents } from '../testing/recorded-events';
import { noCsi, noObjects } from '../testing/volume-objects';
import { prepareHostPath } from './host-path';
import { NoMounter, type Mounter } from './mounter';
import { mayBeNew } from './new-directory';
import { openPlace } from './o-path';
import { PodDirectories } from './pod-directories';
import { PodVolumes } from './pod-volumes';
import { bindSubPath, checkSubPath, makeSubPath } from './sub-path';
import { TokenCache } from './token-cache';
import { volumePayload, type PayloadSources } from './volume-payload';

const others = { objects: noObjects, image: () => Promise.resolve(''), csi: noCsi, node: () => ({ name: 'node-1', labels: {} }), events: new RecordedEvents(), clock: new FakeClock() };
const sources: PayloadSources = {
  trust: noObjects,
  data: {
    configMap: (_namespace, name) => name === 'settings' ? Promise.resolve({ metadata: {}, data: { a: '1', b: '2' }, binaryData: { c: Buffer.from([0, 255]).toString('base64') } }) : Promise.reject(new Error(`configmap "${name}" not found`)),
    secret: (_namespace, name) => name === 'keys' ? Promise.resolve({ metadata: {}, data: { k: Buffer.from('v').toString('base64') } }) : Promise.reject(new Error(`secret "${name}" not found`)),
    isMissing: () => true,
  },
  addresses: { podIPs: [], hostIPs: [] },
  allocatable: { cpu: '4' },
  token: (_pod, { audience = 'api' }) => Promise.resolve(`token for ${audience}`),
  certificate: (_pod, { volume, source }) => Promise.resolve({ privateKey: `key of ${volume}/${source};`, certificateChain: 'chain' }),
};

describe('volumePayload', () => {
  const files = async (volume: Partial<corev1.Volume>, spec: Partial<corev1.PodSpec> = {}): Promise<Record<string, string>> => {
    const payload = await volumePayload(aPod(spec, { labels: { b: 'x', a: 'say "hi"' } }), { name: 'v', ...volume }, sources);
    return Object.fromEntries([...payload ?? []].map(([path, { data, mode }]) => [path, `${mode.toString(8)} ${data.toString('latin1')}`]));
  };

  it.each<[string, Partial<corev1.Volume>, Record<string, string>]>([
    ['a whole ConfigMap', { configMap: { name: 'settings' } }, { a: '644 1', b: '644 2', c: '644 \0\xff' }],
    ['chosen keys', { configMap: { name: 'settings', defaultMode: 0o400, items: [{ key: 'a', path: 'x/y' }, { key: 'b', path: 'z', mode: 0o777 }] } }, { 'x/y': '400 1', z: '777 2' }],
    ['a secret', { secret: { secretName: 'keys' } }, { k: '644 v' }],
    ['an optional one that is missing', { secret: { secretName: 'none', optional: true } }, {}],
    ['the downward API', { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }, { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } }] } }, { labels: '644 a="say \\"hi\\""\nb="x"', cpu: '644 4' }],
    ['all in one', { projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }, { configMap: { name: 'settings', items: [{ key: 'a', path: 'a' }] } }, { secret: { name: 'keys' } }] } }, { token: '644 token for vault', a: '644 1', k: '644 v' }],
    ['certificates', { projected: { sources: [{ secret: { name: 'keys' } }, { podCertificate: { signerName: 's', keyType: 'ED25519', credentialBundlePath: 'all', keyPath: 'key', certificateChainPath: 'chain' } }, { podCertificate: { signerName: 's', keyType: 'ED25519', credentialBundlePath: 'other' } }] } }, { k: '644 v', all: '644 key of v/1;chain', key: '644 key of v/1;', chain: '644 chain', other: '644 key of v/2;chain' }],
  ])('of %s', async (_what, volume, expected) => {
    await expect(files(volume)).resolves.toEqual(expected);
  });

  it('keeps a token from other users when the pod has one of its own, whatever ephemeral containers come later', async () => {
    const later = { securityContext: { runAsUser: 7 }, ephemeralContainers: [aContainer('debugger', { securityContext: { runAsUser: 0 } })] } as Partial<corev1.PodSpec>;
    await expect(files({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }, later)).resolves.toEqual({ token: '600 token for api' });
    await expect(files({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }, { securityContext: { fsGroup: 1 } })).resolves.toEqual({ token: '600 token for api' });
  });

  it.each<[string, Partial<corev1.Volume>]>([
    ['configmap "none" not found', { configMap: { name: 'none' } }],
    ['configmap references non-existent config key: x', { configMap: { name: 'settings', items: [{ key: 'x', path: 'x' }] } }],
    ['references non-existent secret key: x', { secret: { secretName: 'keys', items: [{ key: 'x', path: 'x' }] } }],
    ['configmap "none" not found', { projected: { sources: [{ configMap: { name: 'none' } }, { configMap: { name: 'none' } }] } }],
    ['[configmap "none" not found, secret "none" not found]', { projected: { sources: [{ configMap: { name: 'none' } }, { secret: { name: 'none' } }] } }],
  ])('fails with: %s', async (message, volume) => {
    await expect(files(volume)).rejects.toThrow(message);
  });
});

describe('volumes on disk', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'volumes-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('are made where a container uses them, mounted with their options, and removed', async () => {
    const directories = new PodDirectories(root, join(root, 'logs'));
    const volumes = new PodVolumes({ directories, mounter: new NoMounter(), log: silentLogger, sources: () => sources, ...others });
    await volumes.start();
    const container = aContainer('main', { volumeMounts: [{ name: 'settings', mountPath: '/settings' }, { name: 'scratch', mountPath: 'scratch' }, { name: 'host', mountPath: '/host', readOnly: true, mountPropagation: 'HostToContainer' }] });
    const pod = aPod({ containers: [container], volumes: [{ name: 'settings', configMap: { name: 'settings' } }, { name: 'scratch', emptyDir: {} }, { name: 'host', hostPath: { path: join(root, 'host'), type: 'DirectoryOrCreate' } }, { name: 'unused', configMap: { name: 'none' } }, { name: 'late', emptyDir: {} }] });
    await volumes.prepare(pod);
    const mounts = await volumes.mounts(pod, container, new Map(), false);
    expect(mounts.map(({ containerPath, readonly, propagation }) => [containerPath, readonly, propagation])).toEqual([['/settings', true, 0], ['/scratch', false, 0], ['/host', true, 1]]);
    expect(await readFile(join(mounts[0]!.hostPath, 'a'), 'utf8')).toBe('1');
    expect((await stat(mounts[1]!.hostPath)).mode & 0o777).toBe(0o777);
    await writeFile(join(root, 'host', 'kept'), '');
    // What only an ephemeral container uses is made for that.
    const debugger_ = aContainer('debugger', { volumeMounts: [{ name: 'late', mountPath: '/late' }] });
    const [late] = await volumes.mounts({ ...pod, spec: { ...pod.spec, ephemeralContainers: [debugger_] } } as corev1.Pod, debugger_, new Map(), false);
    expect((await stat(late!.hostPath)).isDirectory()).toBe(true);
    await volumes.remove(pod.metadata.uid ?? '');
    await expect(stat(directories.pod(pod.metadata.uid ?? ''))).rejects.toThrow('ENOENT');
    await expect(stat(join(root, 'host', 'kept'))).resolves.toBeDefined();
  });

  it('have places for what is mounted within them, which stay when the files change, unless a file is there', async () => {
    const data: Record<string, string> = { a: '1' };
    const changing = { ...sources, data: { ...sources.data, configMap: () => Promise.resolve({ metadata: {}, data }) } };
    const directories = new PodDirectories(root, join(root, 'logs'));
    const volumes = new PodVolumes({ directories, mounter: new NoMounter(), log: silentLogger, sources: () => changing, ...others });
    const container = aContainer('main', { volumeMounts: [{ name: 'settings', mountPath: '/etc/app' }, { name: 'scratch', mountPath: '/etc/app/tmp/deep' }, { name: 'scratch', mountPath: '/etc/app/a' }] });
    const pod = aPod({ containers: [container], volumes: [{ name: 'settings', configMap: { name: 'settings' } }, { name: 'scratch', emptyDir: {} }] });
    await volumes.prepare(pod);
    const [{ hostPath } = { hostPath: '' }] = await volumes.mounts(pod, container, new Map(), false);
    data['b'] = '2';
    delete data['a'];
    await volumes.refresh(pod);
    expect((await stat(join(hostPath, 'tmp/deep'))).isDirectory()).toBe(true);
    expect(await readFile(join(hostPath, 'b'), 'utf8')).toBe('2');
    await expect(readFile(join(hostPath, 'a'), 'utf8')).rejects.toThrow();
  });

  it('name the volume that cannot be made', async () => {
    const volumes = new PodVolumes({ directories: new PodDirectories(root, root), mounter: new NoMounter(), log: silentLogger, sources: () => sources, ...others });
    await expect(volumes.prepare(aPod({ containers: [aContainer('main', { volumeMounts: [{ name: 'data', mountPath: '/data' }] })], volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'x' } }] }))).rejects.toThrow('failed to process volumes=[data]: error processing PVC default/x: failed to fetch PVC from API server: persistentvolumeclaims "x" not found');
  });

  it('are not removed while something is mounted in them', async () => {
    const mounter: Mounter = Object.assign(new NoMounter(), { below: () => Promise.resolve([join(root, 'pods/u/volumes/x')]) });
    const volumes = new PodVolumes({ directories: new PodDirectories(root, root), mounter, log: silentLogger, sources: () => sources, ...others });
    await mkdir(join(root, 'pods/u/volumes/x'), { recursive: true });
    await expect(volumes.remove('u')).rejects.toThrow('still mounted');
    await expect(stat(join(root, 'pods/u/volumes/x'))).resolves.toBeDefined();
  });

  it.each<[string, string]>([['Directory', 'is not a directory'], ['File', 'is not a file'], ['Socket', 'is not a socket file'], ['BlockDevice', 'is not a block device']])('of hostPath type %s are checked', async (type, message) => {
    await expect(prepareHostPath(join(root, 'none'), type)).rejects.toThrow(`hostPath type check failed: ${join(root, 'none')} ${message}`);
  });

  describe('sub-paths', () => {
    it.each(['/etc', '../x', 'a/../../x'])('%s is refused by its text', (subPath) => {
      expect(() => checkSubPath(subPath)).toThrow();
    });

    it('are made when nothing is there', async () => {
      await expect(makeSubPath(root, 'a/b')).resolves.toBe(join(root, 'a/b'));
      expect((await stat(join(root, 'a/b'))).isDirectory()).toBe(true);
    });

    it('are for whom the volume is, whoever makes them', async () => {
      await chmod(root, 0o2777);
      await mkdir(join(root, 'old'), { mode: 0o700 });
      await makeSubPath(root, 'old/new/er');
      expect(await Promise.all(['old', 'old/new', 'old/new/er'].map(async (path) => ((await stat(join(root, path))).mode & 0o777)))).toEqual([0o700, 0o777, 0o777]);
    });

    it('leave the mode of another directory alone that has taken the place of the one that was made', async () => {
      await chmod(root, 0o777);
      await mkdir(join(root, 'private'), { mode: 0o700 });
      await writeFile(join(root, 'private', 'key'), '');
      const make = promises.mkdir;
      jest.spyOn(promises, 'mkdir').mockImplementationOnce(async (path, options) => {
        await make(path, options);
        await rename(join(root, 'private'), join(root, 'new'));
        return undefined;
      });
      await makeSubPath(root, 'new');
      expect((await stat(join(root, 'new'))).mode & 0o777).toBe(0o700);
    });

    it('are new only where they are empty and of who makes them', async () => {
      const isNew = async (user?: number): Promise<boolean> => {
        const handle = await openPlace(root);
        try {
          return await mayBeNew(handle, user);
        } finally {
          await handle.close();
        }
      };
      expect([await isNew(), await isNew((process.geteuid?.() ?? 0) + 1)]).toEqual([true, false]);
    });

    it('may not leave the volume by a link', async () => {
      await symlink('/etc', join(root, 'out'));
      await expect(makeSubPath(root, 'out/passwd')).rejects.toThrow('subpath "out/passwd" not within volume path');
      await expect(bindSubPath(new NoMounter(), root, 'out/passwd', join(root, 'target'))).rejects.toThrow('not within volume path');
    });

    it('are bound by handle, so that a swap after the check changes nothing', async () => {
      await mkdir(join(root, 'a'));
      await writeFile(join(root, 'a/file'), 'right');
      let bound = '';
      const mounter = Object.assign(new NoMounter(), {
        bind: async (source: string) => {
          await rm(join(root, 'a'), { recursive: true });
          await symlink('/etc', join(root, 'a'));
          bound = source;
          expect(await readFile(source, 'utf8').catch((error: unknown) => String(error))).not.toContain('root:');
        },
      });
      await bindSubPath(mounter, root, 'a/file', join(root, 'target'));
      expect(bound).toMatch(/^\/proc\/\d+\/fd\/\d+$/);
    });
  });
});

describe('TokenCache', () => {
  const setUp = (): { clock: FakeClock; cache: TokenCache; requests: authenticationv1.TokenRequest[]; fail: { now: boolean } } => {
    const clock = new FakeClock();
    const requests: authenticationv1.TokenRequest[] = [];
    const fail = { now: false };
    const cache = new TokenCache({
      clock,
      request: (_namespace, _account, request) => {
        if (fail.now) return Promise.reject(new Error('apiserver is away'));
        requests.push(request);
        return Promise.resolve({ ...request, status: { token: `t${requests.length}`, expirationTimestamp: new Date(clock.now() + (request.spec?.expirationSeconds ?? 0) * 1000).toISOString() } });
      },
    });
    return { clock, cache, requests, fail };
  };

  it('binds a token to its pod and renews it after four fifths of its life', async () => {
    const { clock, cache, requests } = setUp();
    const pod = aPod({ serviceAccountName: 'robot' });
    const projection = { path: 'token', audience: 'vault', expirationSeconds: 1000 };
    await expect(cache.get(pod, projection)).resolves.toBe('t1');
    await clock.advance(800_000);
    await expect(cache.get(pod, projection)).resolves.toBe('t1');
    await clock.advance(1);
    await expect(cache.get(pod, projection)).resolves.toBe('t2');
    expect(requests[0]?.spec).toEqual({ audiences: ['vault'], expirationSeconds: 1000, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid } });
  });

  it('uses an old token that still holds when no new one can be had', async () => {
    const { clock, cache, fail } = setUp();
    const pod = aPod();
    const projection = { path: 'token', expirationSeconds: 1000 };
    await cache.get(pod, projection);
    fail.now = true;
    await clock.advance(900_000);
    await expect(cache.get(pod, projection)).resolves.toBe('t1');
    await clock.advance(100_000);
    await expect(cache.get(pod, projection)).rejects.toThrow('failed to fetch token: apiserver is away');
  });
});

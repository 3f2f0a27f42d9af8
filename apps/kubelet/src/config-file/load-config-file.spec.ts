import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commonFlags, parseFlags, settingsOf as settingsOfKind, type FlagSettings } from '@navarch/component-base';
import { kubeletFlags } from '../config';
import { kubeletConfiguration } from '../kubelet-configuration';
import { kubeletOptions } from '../options-from-config';
import { FIELDS, KUBELET_CONFIGURATION } from './fields';
import { loadConfigFiles } from './load-config-file';

const settingsOf = (document: unknown): FlagSettings => settingsOfKind(KUBELET_CONFIGURATION, document);
const file = (fields: object): object => ({ kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1', ...fields });
const cluster = ['--apiserver=a:1', '--certificate-authority=/ca.crt'];
const configOf = (fields: object, ...argv: string[]): ReturnType<typeof parseFlags<typeof kubeletFlags>> => parseFlags(kubeletFlags, [...cluster, ...argv], {}, settingsOf(file(fields)).values);

describe('a kubelet\'s configuration file', () => {
  it('names flags that there are', () => {
    expect(Object.values(FIELDS).map(({ flag }) => flag).filter((flag) => !Object.hasOwn({ ...commonFlags, ...kubeletFlags }, flag))).toEqual([]);
  });

  it('says what flags say, and flags win', () => {
    const config = configOf({
      maxPods: 42, clusterDNS: ['10.96.0.10', 'fd00::a'], syncFrequency: '30s', staticPodPath: '/etc/kubernetes/manifests', failSwapOn: true, podPidsLimit: 100, resolvConf: '', port: 10_350,
      authentication: { anonymous: { enabled: true }, x509: { clientCAFile: '/ca.crt' }, webhook: { enabled: true, cacheTTL: '2m' } }, authorization: { mode: 'AlwaysAllow' }, memorySwap: { swapBehavior: 'LimitedSwap' },
      evictionHard: { 'memory.available': '5%', 'nodefs.available': '1Gi' }, systemReserved: { cpu: '100m', memory: '1Gi' }, enforceNodeAllocatable: ['pods', 'kube-reserved'],
      registerWithTaints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }, { key: 'c', effect: 'NoExecute' }], reservedMemory: [{ numaNode: 0, limits: { memory: '1Gi' } }, { numaNode: 1, limits: { memory: '2Gi', 'hugepages-2Mi': '4Mi' } }],
      shutdownGracePeriodByPodPriority: [{ priority: 0, shutdownGracePeriodSeconds: 10 }, { priority: 1000, shutdownGracePeriodSeconds: 20 }], staticPodURLHeader: { Authorization: ['Bearer x'], Accept: ['a', 'b'] },
    }, '--max-pods=7');
    expect(config).toMatchObject({
      maxPods: 7, clusterDns: ['10.96.0.10', 'fd00::a'], syncFrequency: 30_000, podManifestPath: '/etc/kubernetes/manifests', failSwapOn: true, podMaxPids: 100, resolvConf: '', port: 10_350,
      anonymousAuth: true, clientCaFile: '/ca.crt', authorizationMode: 'AlwaysAllow', memorySwapBehavior: 'LimitedSwap',
      evictionHard: 'memory.available<5%,nodefs.available<1Gi', systemReserved: { cpu: '100m', memory: '1Gi' }, enforceNodeAllocatable: ['pods', 'kube-reserved'],
      registerWithTaints: ['a=b:NoSchedule', 'c=:NoExecute'], reservedMemory: '0:memory=1Gi;1:memory=2Gi,hugepages-2Mi=4Mi', shutdownGracePeriodByPodPriority: { '0': '10s', '1000': '20s' }, manifestUrlHeader: ['Authorization:Bearer x', 'Accept:a', 'Accept:b'],
    });
  });

  it('means the default by zero values, but for pointers', () => {
    const config = configOf({ maxPods: 0, syncFrequency: '0s', clusterDomain: '', clusterDNS: [], evictionHard: {}, healthzPort: 0, imageGCHighThresholdPercent: null });
    expect(config).toMatchObject({ maxPods: 110, syncFrequency: 60_000, clusterDomain: 'cluster.local', clusterDns: [], healthzPort: 0, imageGcHighThreshold: 85 });
    expect(config.evictionHard).toContain('memory.available<100Mi');
  });

  it('may be what /configz shows', () => {
    const before = configOf({ maxPods: 12, nodeLeaseDurationSeconds: 60, evictionSoft: { 'memory.available': '1Gi' }, evictionSoftGracePeriod: { 'memory.available': '1m' } });
    const { values } = settingsOf(kubeletConfiguration(before));
    expect(kubeletConfiguration(parseFlags(kubeletFlags, cluster, {}, values))).toEqual(kubeletConfiguration(before));
  });

  it('says how far images are for whoever asks', () => {
    expect(
      settingsOf(
        file({
          imagePullCredentialsVerificationPolicy: 'NeverVerifyAllowlistedImages',
          preloadedImagesVerificationAllowlist: ['a.example/x', 'b.example/*'],
          imageMaximumGCAge: '48h',
        }),
      ).values,
    ).toMatchObject({
      'image-pull-credentials-verification-policy': 'NeverVerifyAllowlistedImages',
      'preloaded-images-verification-allowlist': 'a.example/x,b.example/*',
      'image-maximum-gc-age': '48h',
    });
  });

  it('says what is served, to whom, and how long the apiserver\'s word on that holds', () => {
    expect(configOf({
      enableServer: false, enableDebuggingHandlers: false, enableSystemLogHandler: false, tlsMinVersion: 'VersionTLS13', tlsCipherSuites: ['TLS_AES_128_GCM_SHA256'], imageServiceEndpoint: 'unix:///images.sock',
      authentication: { webhook: { enabled: false, cacheTTL: '10s' } }, authorization: { webhook: { cacheAuthorizedTTL: '1m', cacheUnauthorizedTTL: '1s' } },
    })).toMatchObject({
      enableServer: false, enableDebuggingHandlers: false, enableSystemLogHandler: false, tlsMinVersion: 'VersionTLS13', tlsCipherSuites: ['TLS_AES_128_GCM_SHA256'], imageServiceEndpoint: 'unix:///images.sock',
      authenticationTokenWebhook: false, authenticationTokenWebhookCacheTtl: 10_000, authorizationWebhookCacheAuthorizedTtl: 60_000, authorizationWebhookCacheUnauthorizedTtl: 1_000,
    });
  });

  it('says what the kernel has to be like, and what is kept free besides', () => {
    expect(configOf({ protectKernelDefaults: true, failCgroupV1: true, oomScoreAdj: 0, localStorageCapacityIsolation: false })).toMatchObject({
      protectKernelDefaults: true,
      failCgroupv1: true,
      oomScoreAdj: 0,
      localStorageCapacityIsolation: false,
    });
    const hard = (fields: object): unknown => kubeletOptions(configOf({ evictionHard: { 'memory.available': '1Gi' }, ...fields })).reservations.evictionHard;
    expect(hard({})).toEqual({ 'memory.available': '1Gi' });
    expect(hard({ mergeDefaultEvictionSettings: true })).toEqual({ 'memory.available': '1Gi', 'nodefs.available': '10%', 'nodefs.inodesFree': '5%', 'imagefs.available': '15%', 'imagefs.inodesFree': '5%' });
  });

  it('says how often registries are asked, what the node tells of images, and how many pods it has by its processors', () => {
    expect(configOf({ registryPullQPS: 0, registryBurst: 20, eventRecordQPS: 0, eventBurst: 7, podsPerCore: 4, nodeStatusMaxImages: -1, cpuCFSQuota: false, volumeStatsAggPeriod: '-1m', containerLogMonitorInterval: '5s', containerLogMaxWorkers: 3 })).toMatchObject({
      registryQps: 0, registryBurst: 20, eventQps: 0, eventBurst: 7, podsPerCore: 4, nodeStatusMaxImages: -1, cpuCfsQuota: false, volumeStatsAggPeriod: -60_000, containerLogMonitorInterval: 5_000, containerLogMaxWorkers: 3,
    });
  });

  it.each([
    [{ podsPerCore: -1 }, 'invalid configuration: podsPerCore (--pods-per-core) -1 must not be a negative number'],
    [{ registryPullQPS: -1 }, 'invalid configuration: registryPullQPS (--registry-qps) -1 must not be a negative number'],
    [{ registryBurst: -1 }, 'invalid configuration: registryBurst (--registry-burst) -1 must not be a negative number'],
    [{ nodeStatusMaxImages: -2 }, 'invalid configuration: nodeStatusMaxImages (--node-status-max-images) must be -1 or greater'],
    [{ containerLogMonitorInterval: '2s' }, 'invalid configuration: containerLogMonitorInterval must be a positive time duration greater than or equal to 3s'],
    [{ containerLogMaxWorkers: 0 }, 'invalid configuration: containerLogMaxWorkers must be greater than or equal to 1'],
  ])('makes no sense as %j', (fields, message) => expect(() => kubeletOptions(configOf(fields))).toThrow(message));

  it('tells which of upstream\'s fields change nothing here', () => {
    expect(settingsOf(file({ cgroupDriver: 'systemd', kubeAPIQPS: 0, logging: { verbosity: 0 }, tracing: { samplingRatePerMillion: 1 }, volumePluginDir: '' })).withoutEffect).toEqual(['cgroupDriver', 'logging', 'tracing']);
  });

  it.each<[document: unknown, message: string]>([
    [{ kind: 'KubeletConfiguration', apiVersion: 'v1' }, '--config: no kind "KubeletConfiguration" is registered for version "v1": must be KubeletConfiguration of kubelet.config.k8s.io/v1beta1'],
    [file({ maxPodz: 1 }), '--config: strict decoding error: unknown field "maxPodz"'],
    [file({ authentication: { x509: { clientCa: 'a' } } }), '--config: strict decoding error: unknown field "authentication.x509.clientCa"'],
    [file({ maxPods: '5' }), '--config: maxPods: must be a whole number'],
    [file({ failSwapOn: 'no' }), '--config: failSwapOn: must be true or false'],
    [file({ clusterDNS: ['a', 5] }), '--config: clusterDNS[1]: must be a string'],
    [file({ registerWithTaints: ['a'] }), '--config: registerWithTaints[0]: must be an object'],
    [[], '--config: must be an object'],
  ])('is refused as %j', (document, message) => expect(() => settingsOf(document)).toThrow(message));

  describe('on a disk', () => {
    let dir: string;
    beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'navarch-kubelet-config-'))));
    afterEach(() => rmSync(dir, { recursive: true }));
    const load = (text: string): unknown => {
      writeFileSync(join(dir, 'config.yaml'), text);
      return loadConfigFiles(join(dir, 'config.yaml'), undefined);
    };

    it('is read as YAML', () => {
      expect(load('kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\nmaxPods: 9\n')).toEqual({ values: { 'max-pods': '9' }, withoutEffect: [] });
    });

    it.each([
      ['a: b: c', 'failed to load kubelet config file, path: .*config.yaml, error: yaml: '],
      ['kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\nmaxPods: 9\nmaxPods: 8\n', 'strict decoding error: yaml: line 4: key "maxPods" already set in map'],
    ])('is refused as %j', (text, message) => expect(() => load(text)).toThrow(new RegExp(message)));

    it('has to be there', () => expect(() => loadConfigFiles(join(dir, 'none'), undefined)).toThrow(/failed to load kubelet config file, path: .*none, error: ENOENT/));

    describe('with a directory of more', () => {
      const add = (name: string, fields: object): void => writeFileSync(join(dir, 'more', name), JSON.stringify(file(fields)));
      const merged = (base?: object): unknown => {
        if (base) writeFileSync(join(dir, 'config.yaml'), JSON.stringify(file(base)));
        return loadConfigFiles(base && join(dir, 'config.yaml'), join(dir, 'more')).values;
      };
      beforeEach(() => mkdirSync(join(dir, 'more', '15-below'), { recursive: true }));

      it('has later files win, fields and keys joined, and lists replaced', () => {
        add('20.conf', { maxPods: 20, evictionHard: { 'nodefs.available': '1Gi' }, clusterDNS: ['10.0.0.2'], syncFrequency: null });
        add('10.conf', { maxPods: 10, clusterDomain: 'ten' });
        add('15-below/a.conf', { clusterDomain: 'fifteen' });
        add('30.yaml', { maxPods: 30 });
        expect(merged({ port: 1, evictionHard: { 'memory.available': '1Mi' }, clusterDNS: ['10.0.0.8', '10.0.0.9'], syncFrequency: '5s' })).toEqual({
          port: '1', 'max-pods': '20', 'eviction-hard': 'memory.available<1Mi,nodefs.available<1Gi', 'cluster-dns': '10.0.0.2', 'cluster-domain': 'fifteen',
        });
      });

      it('needs no other file', () => {
        add('10.conf', { maxPods: 10 });
        expect([merged(), loadConfigFiles(undefined, undefined).values]).toEqual([{ 'max-pods': '10' }, {}]);
      });

      it('names the file that makes no sense', () => {
        writeFileSync(join(dir, 'more', '10.conf'), 'maxPods: 1');
        expect(() => merged()).toThrow(/failed to load kubelet dropin file, path: .*10.conf, error: --config: no kind/);
      });

      it('has to be there', () => expect(() => loadConfigFiles(undefined, join(dir, 'none'))).toThrow(/failed to walk through kubelet dropin directory ".*none": ENOENT/));
    });
  });
});

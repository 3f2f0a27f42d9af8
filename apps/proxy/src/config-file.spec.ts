import { commonFlags, parseFlags, settingsOf, type Config, type FlagSettings } from '@navarch/component-base';
import { makeTempDir, type TempDir } from '@navarch/testing';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { proxyFlags } from './config';
import { KUBE_PROXY_CONFIGURATION, loadConfigFile } from './config-file';
import { healthServing } from './health-serving';

const file = (fields: object): object => ({ kind: 'KubeProxyConfiguration', apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', ...fields });
const settings = (document: unknown): FlagSettings => settingsOf(KUBE_PROXY_CONFIGURATION, document);
const cluster = ['--apiserver=a:1', '--certificate-authority=/ca.crt', '--client-certificate=/p.crt', '--client-key=/p.key'];
const configOf = (fields: object, ...argv: string[]): Config<typeof proxyFlags> => parseFlags(proxyFlags, [...cluster, ...argv], {}, settings(file(fields)).values);

describe('a proxy\'s configuration file', () => {
  it('names flags that there are', () => {
    expect(Object.values(KUBE_PROXY_CONFIGURATION.fields).map(({ flag }) => flag).filter((flag) => !Object.hasOwn({ ...commonFlags, ...proxyFlags }, flag))).toEqual([]);
  });

  it('says what flags say, those too that are required, and flags win', () => {
    const fields = {
      hostnameOverride: 'n1', clusterCIDR: '10.0.0.0/8,fd00::/48', mode: 'iptables', nodePortAddresses: ['172.30.0.0/16'],
      conntrack: { maxPerCore: 0, min: 7, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '30s', tcpBeLiberal: true, udpTimeout: '5s', udpStreamTimeout: '6s' },
      ipvs: { scheduler: 'sh', strictARP: true, tcpTimeout: '15m', tcpFinTimeout: '2m', udpTimeout: '5m' }, iptables: { localhostNodePorts: false },
    };
    expect(configOf(fields, '--conntrack-min=8')).toMatchObject({
      hostnameOverride: 'n1', clusterCidr: ['10.0.0.0/8', 'fd00::/48'], proxyMode: 'iptables', nodeportAddresses: ['172.30.0.0/16'], conntrackMaxPerCore: 0, conntrackMin: 8,
      conntrackTcpTimeoutEstablished: 0, conntrackTcpTimeoutCloseWait: 30_000, conntrackTcpBeLiberal: true, conntrackUdpTimeout: 5_000, conntrackUdpTimeoutStream: 6_000,
      ipvsScheduler: 'sh', ipvsStrictArp: true, ipvsTcpTimeout: 900_000, ipvsTcpfinTimeout: 120_000, ipvsUdpTimeout: 300_000, iptablesLocalhostNodeports: false,
    });
  });

  it('as upstream writes it, with all defaults, means them', () => {
    const fields = {
      bindAddress: '', clientConnection: { acceptContentTypes: '', burst: 0, contentType: '', kubeconfig: '', qps: 0 }, clusterCIDR: '', configSyncPeriod: '0s', hostnameOverride: 'n1', mode: '',
      conntrack: { maxPerCore: null, min: null, tcpBeLiberal: false, tcpCloseWaitTimeout: null, tcpEstablishedTimeout: null, udpStreamTimeout: '0s', udpTimeout: '0s' },
      iptables: { localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: '0s', syncPeriod: '0s' },
      ipvs: { excludeCIDRs: null, minSyncPeriod: '0s', scheduler: '', strictARP: false, syncPeriod: '0s', tcpFinTimeout: '0s', tcpTimeout: '0s', udpTimeout: '0s' }, nodePortAddresses: null, oomScoreAdj: null,
    };
    expect(configOf(fields)).toEqual(parseFlags(proxyFlags, [...cluster, '--hostname-override=n1'], {}));
  });

  it.each<[told: string, place: { host: string; port?: number } | undefined]>([
    ['0.0.0.0:10400', { host: '0.0.0.0', port: 10_400 }], ['[::1]:10400', { host: '::1', port: 10_400 }], ['127.0.0.2', { host: '127.0.0.2' }], ['::1', { host: '::1' }], ['127.0.0.1:0', undefined],
  ])('serves health, or metrics, at %s', (told, place) => {
    const serving = (port: number): object[] => (place === undefined ? [] : [{ port, ...place }]);
    expect(healthServing(configOf({ hostnameOverride: 'n1', healthzBindAddress: told }))).toEqual([...serving(10_256), { host: '127.0.0.1', port: 10_249 }]);
    expect(healthServing(configOf({ hostnameOverride: 'n1', metricsBindAddress: told }))).toEqual([{ host: '127.0.0.1', port: 10_256 }, ...serving(10_249)]);
    expect(healthServing(configOf({ hostnameOverride: 'n1' }, '--metrics-bind-address='))).toEqual([{ host: '127.0.0.1', port: 10_256 }]);
  });

  it('opens and closes feature gates', () => {
    expect(settings(file({ featureGates: { WatchList: true, ComponentFlagz: false } })).values['feature-gates']).toBe('WatchList=true,ComponentFlagz=false');
    expect(() => settings(file({ featureGates: { WatchList: 'yes' } }))).toThrow('--config: featureGates.WatchList: must be true or false');
  });

  it('tells which of upstream\'s fields change nothing here', () => {
    expect(
      settings(file({ detectLocalMode: 'ClusterCIDR', ipvs: { strictARP: true, excludeCIDRs: ['192.0.2.0/24'] }, iptables: { masqueradeAll: true } }))
        .withoutEffect,
    ).toEqual(['detectLocalMode', 'ipvs.excludeCIDRs', 'iptables.masqueradeAll']);
  });

  it.each<[document: unknown, message: string]>([
    [
      { kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1' },
      '--config: no kind "KubeletConfiguration" is registered for version "kubelet.config.k8s.io/v1beta1": must be KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1',
    ],
    [file({ modus: 'nftables' }), '--config: strict decoding error: unknown field "modus"'],
    [file({ conntrack: { max: 1 } }), '--config: strict decoding error: unknown field "conntrack.max"'],
    [file({ conntrack: { min: '5' } }), '--config: conntrack.min: must be a whole number'],
  ])('is refused as %j', (document, message) => expect(() => settings(document)).toThrow(message));

  describe('on a disk', () => {
    let dir: TempDir;
    beforeEach(async () => (dir = await makeTempDir()));
    afterEach(() => dir.remove());

    it('is read as YAML', () => {
      const path = join(dir.path, 'proxy.yaml');
      writeFileSync(path, 'kind: KubeProxyConfiguration\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nmode: ipvs\n');
      expect(loadConfigFile(path)).toEqual({ values: { 'proxy-mode': 'ipvs' }, withoutEffect: [] });
    });

    it('has to be there, if it is named', () => {
      expect(loadConfigFile(undefined)).toEqual({ values: {}, withoutEffect: [] });
      expect(() => loadConfigFile(join(dir.path, 'none'))).toThrow(/failed to load kube-proxy config file, path: .*none, error: ENOENT/);
    });
  });
});

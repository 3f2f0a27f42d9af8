import { fieldTexts, readConfiguration, settingsOf, type ConfigurationKind, type FlagSettings } from '@navarch/component-base';

const { bool, list, switches, text, whole } = fieldTexts;

/** What upstream's kube-proxy is configured by. Of the kernel's rules, back ends here have nothing to be tuned: they follow every change, and masquerade what needs it. */
export const KUBE_PROXY_CONFIGURATION: ConfigurationKind = {
  component: 'kube-proxy',
  kind: 'KubeProxyConfiguration',
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  fields: {
    hostnameOverride: { flag: 'hostname-override', text },
    clusterCIDR: { flag: 'cluster-cidr', text },
    mode: { flag: 'proxy-mode', text },
    nodePortAddresses: { flag: 'nodeport-addresses', text: list },
    featureGates: { flag: 'feature-gates', text: switches },
    healthzBindAddress: { flag: 'healthz-bind-address', text },
    metricsBindAddress: { flag: 'metrics-bind-address', text },
    'conntrack.maxPerCore': { flag: 'conntrack-max-per-core', text: whole, pointer: true },
    'conntrack.min': { flag: 'conntrack-min', text: whole, pointer: true },
    'conntrack.tcpEstablishedTimeout': { flag: 'conntrack-tcp-timeout-established', text, pointer: true },
    'conntrack.tcpCloseWaitTimeout': { flag: 'conntrack-tcp-timeout-close-wait', text, pointer: true },
    'iptables.localhostNodePorts': { flag: 'iptables-localhost-nodeports', text: bool, pointer: true },
    'ipvs.scheduler': { flag: 'ipvs-scheduler', text },
    'ipvs.strictARP': { flag: 'ipvs-strict-arp', text: bool },
    'ipvs.tcpTimeout': { flag: 'ipvs-tcp-timeout', text },
    'ipvs.tcpFinTimeout': { flag: 'ipvs-tcpfin-timeout', text },
    'ipvs.udpTimeout': { flag: 'ipvs-udp-timeout', text },
    'conntrack.tcpBeLiberal': { flag: 'conntrack-tcp-be-liberal', text: bool },
    'conntrack.udpTimeout': { flag: 'conntrack-udp-timeout', text },
    'conntrack.udpStreamTimeout': { flag: 'conntrack-udp-timeout-stream', text },
  },
  withoutEffect: new Set([
    'clientConnection',
    'logging',
    'bindAddress',
    'bindAddressHardFail',
    'enableProfiling',
    'showHiddenMetricsForVersion',
    'nftables',
    'winkernel',
    'iptables.masqueradeBit',
    'iptables.masqueradeAll',
    'iptables.minSyncPeriod',
    'iptables.syncPeriod',
    // Of ipvs: changes are followed as they come, and virtual servers of others are never touched, excluded or not.
    'ipvs.minSyncPeriod',
    'ipvs.syncPeriod',
    'ipvs.excludeCIDRs',
    'detectLocalMode',
    'detectLocal',
    'oomScoreAdj',
    'configSyncPeriod',
    'portRange',
    'windowsRunAsService',
  ]),
};

/** The flags that the proxy's `--config` stands for. @throws FlagError */
export function loadConfigFile(path: string | undefined): FlagSettings {
  return path === undefined ? { values: {}, withoutEffect: [] } : settingsOf(KUBE_PROXY_CONFIGURATION, readConfiguration(KUBE_PROXY_CONFIGURATION, path));
}

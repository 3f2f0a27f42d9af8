import { type corev1 } from '@navarch/api';
import { aPod } from '../testing/pod-bench';
import { parseResolvConf, podDns } from './dns-config';
import { hostNetworkHostsFile, kernelHostname, podHostname, podHostsFile } from './hosts-file';

const host = parseResolvConf('# ours\nnameserver 192.0.2.53\nsearch old.example\nsearch example.org corp.example.\noptions timeout:1 ndots:2\n');
const dns = (spec: Partial<corev1.PodSpec>, clusterDns = ['10.96.0.10']): ReturnType<typeof podDns> => podDns(aPod(spec), { clusterDns, clusterDomain: 'cluster.local', host });

describe('podDns', () => {
  it('asks the cluster first, then searches where the node does', () => {
    expect(dns({}).settings).toEqual({
      servers: ['10.96.0.10'], searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.org', 'corp.example'], options: ['timeout:1', 'ndots:5'],
    });
  });

  it.each<[string, Partial<corev1.PodSpec>, string[]]>([
    ['Default', { dnsPolicy: 'Default' }, ['192.0.2.53']],
    ['ClusterFirst in the host\'s network', { hostNetwork: true }, ['192.0.2.53']],
    ['ClusterFirstWithHostNet', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, ['10.96.0.10']],
    ['None', { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.99'] } }, ['192.0.2.99']],
  ])('with policy %s', (_policy, spec, servers) => {
    expect(dns(spec).settings.servers).toEqual(servers);
  });

  it('falls back to the node and says so when the cluster has no DNS', () => {
    expect(dns({}, [])).toEqual({ settings: host, fellBack: true, omissions: [] });
  });

  it('adds what the pod wants, within the limits of resolv.conf', () => {
    const { settings, omissions } = dns({ dnsConfig: { nameservers: ['192.0.2.1', '192.0.2.2', '192.0.2.3'], searches: ['my.example', 'example.org'], options: [{ name: 'ndots', value: '1' }, { name: 'edns0' }] } });
    expect(settings.servers).toEqual(['10.96.0.10', '192.0.2.1', '192.0.2.2']);
    expect(settings.searches.slice(-2)).toEqual(['corp.example', 'my.example']);
    expect(settings.options).toEqual(['timeout:1', 'ndots:1', 'edns0']);
    expect(omissions).toEqual(['Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 10.96.0.10 192.0.2.1 192.0.2.2']);
  });

  it('leaves out names that are too long, and says which are searched', () => {
    const { settings, omissions } = dns({ dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1'], searches: ['a'.repeat(255), 'b'.repeat(256), 'c.example'] } });
    expect(settings.searches).toEqual(['a'.repeat(255), 'c.example']);
    expect(omissions).toEqual([`Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${'a'.repeat(255)} c.example`]);
  });

  it('takes options of every line of a resolv.conf, the last of a name', () => {
    expect(parseResolvConf('options ndots:1 rotate\noptions attempts:3 ndots:4\n').options).toEqual(['ndots:4', 'rotate', 'attempts:3']);
  });
});

describe('hosts files', () => {
  it('names the pod by host name and domain', () => {
    expect(podHostsFile(['10.0.0.2'], 'web-0', 'web.default.svc.cluster.local', [{ ip: '192.0.2.9', hostnames: ['a', 'b'] }])).toBe(
      '# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n'
      + '10.0.0.2\tweb-0.web.default.svc.cluster.local\tweb-0\n\n# Entries added by HostAliases.\n192.0.2.9\ta\tb\n',
    );
    expect(hostNetworkHostsFile('127.0.0.1 localhost\n')).toBe('# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n');
  });

  it.each<[Partial<corev1.PodSpec>, string, { hostname: string; domain: string }]>([
    [{}, 'web', { hostname: 'web', domain: '' }],
    [{ hostname: 'web-0', subdomain: 'web' }, 'x', { hostname: 'web-0', domain: 'web.default.svc.cluster.local' }],
    [{}, `${'a'.repeat(62)}-tail`, { hostname: 'a'.repeat(62), domain: '' }],
    [{ hostnameOverride: 'db.example.com' }, 'web', { hostname: 'db.example.com', domain: '' }],
  ])('%j of a pod named %s', (spec, name, expected) => {
    expect(podHostname(aPod(spec, { name }), 'cluster.local')).toEqual(expected);
  });

  it.each<[Partial<corev1.PodSpec>, string]>([
    [{ hostname: 'web-0', subdomain: 'web' }, 'web-0'],
    [{ hostname: 'web-0', subdomain: 'web', setHostnameAsFQDN: true }, 'web-0.web.default.svc.cluster.local'],
    [{ setHostnameAsFQDN: true }, 'pod'],
  ])('the kernel is told of %j', (spec, expected) => {
    expect(kernelHostname(aPod(spec, { name: 'pod' }), 'cluster.local')).toBe(expected);
  });

  it('the kernel is not told a name that it does not take', () => {
    const pod = aPod({ hostname: 'web-0', subdomain: 'w'.repeat(40), setHostnameAsFQDN: true });
    expect(() => kernelHostname(pod, 'cluster.local')).toThrow(
      `Failed to construct FQDN from Pod hostname and cluster domain, FQDN web-0.${'w'.repeat(40)}.default.svc.cluster.local is too long (64 characters is the max, 72 characters requested)`,
    );
  });
});

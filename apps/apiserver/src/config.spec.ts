import { givenWithoutEffect, parseFlags } from '@navarch/component-base';
import { externalAddress } from './advertise-address';
import { apiserverFlags } from './config';

const parse = (...argv: string[]) => parseFlags(apiserverFlags, argv, {});
/** What kubeadm writes into the static pod of a control plane (cmd/kubeadm/app/phases/controlplane/manifests.go). */
const kubeadm = [
  '--advertise-address=192.0.2.1', '--allow-privileged=true', '--authorization-mode=Node,RBAC', '--client-ca-file=/pki/ca.crt', '--enable-admission-plugins=NodeRestriction', '--enable-bootstrap-token-auth=true',
  '--etcd-cafile=/pki/etcd/ca.crt', '--etcd-certfile=/pki/apiserver-etcd-client.crt', '--etcd-keyfile=/pki/apiserver-etcd-client.key', '--etcd-servers=https://127.0.0.1:2379',
  '--kubelet-client-certificate=/pki/apiserver-kubelet-client.crt', '--kubelet-client-key=/pki/apiserver-kubelet-client.key', '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
  '--proxy-client-cert-file=/pki/front-proxy-client.crt', '--proxy-client-key-file=/pki/front-proxy-client.key', '--requestheader-allowed-names=front-proxy-client',
  '--requestheader-client-ca-file=/pki/front-proxy-ca.crt', '--requestheader-extra-headers-prefix=X-Remote-Extra-', '--requestheader-group-headers=X-Remote-Group', '--requestheader-username-headers=X-Remote-User',
  '--secure-port=6443', '--service-account-issuer=https://kubernetes.default.svc.cluster.local', '--service-account-key-file=/pki/sa.pub', '--service-account-signing-key-file=/pki/sa.key',
  '--service-cluster-ip-range=10.96.0.0/12', '--tls-cert-file=/pki/apiserver.crt', '--tls-private-key-file=/pki/apiserver.key',
];

it('takes the manifest that kubeadm writes whole, and heeds all of it', () => {
  const config = parse(...kubeadm);
  expect(config).toMatchObject({ allowPrivileged: true, enableBootstrapTokenAuth: true, kubeletPreferredAddressTypes: ['InternalIP', 'ExternalIP', 'Hostname'] });
  expect(givenWithoutEffect(apiserverFlags, config)).toEqual([]);
});

it('takes what hardened clusters add, and says what of it changes nothing', () => {
  const more = [
    '--profiling=false', '--service-account-lookup=true', '--tls-min-version=VersionTLS13', '--tls-cipher-suites=TLS_AES_128_GCM_SHA256', '--livez-grace-period=30s', '--shutdown-send-retry-after',
    '--shutdown-watch-termination-grace-period=15s', '--external-hostname=api.example.com', '--etcd-prefix=/registry', '--watch-cache-sizes=pods#1000', '--storage-backend=etcd3', '--endpoint-reconciler-type=lease',
  ];
  const config = parse(...kubeadm, ...more);
  expect(config).toMatchObject({ livezGracePeriod: 30_000, shutdownSendRetryAfter: true, shutdownWatchTerminationGracePeriod: 15_000, tlsMinVersion: 'VersionTLS13' });
  expect(givenWithoutEffect(apiserverFlags, config)).toEqual(['--service-account-lookup', '--watch-cache-sizes']);
  expect(() => parse(...kubeadm, '--etcd-prefix=/other')).toThrow('must be one of /registry');
});

it.each([['api.example.com', 'api.example.com:6443'], ['api.example.com:443', 'api.example.com:443'], ['fd00::1', '[fd00::1]:6443'], ['[fd00::1]:443', '[fd00::1]:443']])('says that %s is reached at %s', (name, address) => {
  expect(externalAddress(name, 6443)).toBe(address);
});

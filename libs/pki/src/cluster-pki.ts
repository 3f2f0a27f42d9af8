import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { systemClock, type Clock } from '@navarch/clock';
import { newBootstrapToken } from './bootstrap-token';
import { createBusOperator, type BusOperator } from './bus-credentials';
import { CertificateAuthority, isOwnKey, type CertificateProfile, type CertifiedKey } from './certificate-authority';
import { generateKeys, publicKeyOf } from './keys';
import { kubeconfig } from './kubeconfig';
import { PkiFiles, type CertificateFiles } from './pki-files';
import { readIfPresent, writeSecretFile } from './write-secret-file';

/** A certificate with less time left is made anew. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

export interface ClusterPkiOptions {
  readonly directory: string;
  /** Addresses and names, besides the usual ones, under which apiserver, etcd and NATS are reached. */
  readonly hosts?: readonly string[];
  /** The ClusterIP of the `kubernetes` service. */
  readonly serviceAddress?: string;
  readonly clusterDomain?: string;
}

/** The control plane's clients, with upstream's user names and groups. */
const COMPONENTS: Readonly<Record<string, CertificateProfile>> = {
  'admin': { commonName: 'kubernetes-admin', organizations: ['system:masters'], usages: ['client auth'] },
  'apiserver-kubelet-client': { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'], usages: ['client auth'] },
  'scheduler': { commonName: 'system:kube-scheduler', usages: ['client auth', 'server auth'], hosts: ['localhost', '127.0.0.1'] },
  'controller-manager': { commonName: 'system:kube-controller-manager', usages: ['client auth', 'server auth'], hosts: ['localhost', '127.0.0.1'] },
  'proxy': { commonName: 'system:kube-proxy', organizations: ['system:node-proxier'], usages: ['client auth'] },
  'dns': { commonName: 'system:kube-dns', usages: ['client auth'] },
  'metrics-server': { commonName: 'system:metrics-server', usages: ['client auth', 'server auth'], hosts: ['localhost', '127.0.0.1', 'metrics-server.kube-system.svc'] },
  'ingress': { commonName: 'system:navarch:ingress', usages: ['client auth'] },
  'network-agent': { commonName: 'system:navarch:network-agent', usages: ['client auth'] },
  'local-path': { commonName: 'system:navarch:local-path', usages: ['client auth'] },
};

/**
 * All keys and certificates of a cluster in one directory. `ensure` makes what is missing and renews what expires
 * within 30 days, was signed by another CA or lacks a host; it never touches what is good. One caller at a time.
 */
export class ClusterPki {
  readonly files: PkiFiles;
  /** The files that were made or renewed by this object. */
  readonly written: string[] = [];
  #ca: CertificateAuthority | undefined;
  readonly #options: ClusterPkiOptions;
  readonly #clock: Clock;

  constructor(options: ClusterPkiOptions, deps: { readonly clock?: Clock } = {}) {
    this.#options = options;
    this.#clock = deps.clock ?? systemClock;
    this.files = new PkiFiles(options.directory);
  }

  /** Makes or renews everything but the nodes' certificates. */
  async ensure(): Promise<void> {
    const ca = await this.#clusterCa();
    const etcdCa = await this.#authority('navarch-etcd-ca', this.files.etcdCa);
    const frontProxyCa = await this.#authority('navarch-front-proxy-ca', this.files.frontProxyCa);
    const { hosts: extra = [], serviceAddress = '10.96.0.1', clusterDomain = 'cluster.local' } = this.#options;
    const local = ['localhost', '127.0.0.1', '::1', ...extra];
    const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${clusterDomain}`, serviceAddress];

    await this.#certificate(this.files.apiserver, ca, { commonName: 'kube-apiserver', usages: ['server auth', 'client auth'], hosts: [...service, ...local] });
    await this.#certificate(this.files.nats, ca, { commonName: 'nats', usages: ['server auth', 'client auth'], hosts: ['nats', ...local] });
    await this.#certificate(this.files.etcd, etcdCa, { commonName: 'etcd', usages: ['server auth', 'client auth'], hosts: ['etcd', ...local] });
    await this.#certificate(this.files.apiserverEtcdClient, etcdCa, { commonName: 'kube-apiserver-etcd-client', usages: ['client auth'] });
    await this.#certificate(this.files.frontProxyClient, frontProxyCa, { commonName: 'front-proxy-client', usages: ['client auth'] });
    for (const [name, profile] of Object.entries(COMPONENTS)) await this.#certificate(this.files.component(name), ca, profile);
    await this.#serviceAccountKeys();
    await this.#busOperator();
    if ((await readIfPresent(this.files.bootstrapToken)) === undefined) await this.#write(this.files.bootstrapToken, `${newBootstrapToken()}\n`);
  }

  /** A client certificate for another component, such as a swapped-in scheduler. */
  async ensureComponent(name: string, profile: CertificateProfile): Promise<CertificateFiles> {
    const files = this.files.component(name);
    await this.#certificate(files, await this.#clusterCa(), profile);
    return files;
  }

  /** A node's certificate: `system:node:<name>` of system:nodes, serving under the name and the addresses. */
  async ensureNode(name: string, addresses: readonly string[]): Promise<CertificateFiles> {
    const files = this.files.node(name);
    await this.#certificate(files, await this.#clusterCa(), {
      commonName: `system:node:${name}`,
      organizations: ['system:nodes'],
      usages: ['client auth', 'server auth'],
      hosts: [name, ...addresses],
    });
    return files;
  }

  /** Writes a kubeconfig with mode 0600, for the administrator unless another certificate is named. */
  async writeKubeconfig(path: string, options: { readonly cluster: string; readonly server: string; readonly user?: string; readonly certificate?: CertificateFiles }): Promise<void> {
    const files = options.certificate ?? this.files.admin;
    const [ca, cert, key] = await Promise.all([files.ca, files.cert, files.key].map((file) => readIfPresent(file)));
    if (ca === undefined || cert === undefined || key === undefined) throw new Error(`no certificate at ${files.cert}: call ensure first`);
    await this.#write(path, kubeconfig({ cluster: options.cluster, server: options.server, user: options.user ?? 'kubernetes-admin', ca, client: { cert, key } }));
  }

  /** The NATS identities, as `ensure` left them. */
  async readBusOperator(): Promise<BusOperator> {
    const entries = await Promise.all(
      Object.entries(this.files.bus).map(async ([name, path]) => {
        const text = await readIfPresent(path);
        if (text === undefined) throw new Error(`no file ${path}: call ensure first`);
        return [name, text.trim()] as const;
      }),
    );
    return Object.fromEntries(entries) as unknown as BusOperator;
  }

  async #clusterCa(): Promise<CertificateAuthority> {
    this.#ca ??= await this.#authority('navarch-ca', this.files.ca);
    return this.#ca;
  }

  async #authority(commonName: string, files: CertificateFiles): Promise<CertificateAuthority> {
    const found = await readPair(files);
    if (found) {
      try {
        return await CertificateAuthority.load(found, this.#clock);
      } catch (error) {
        throw new Error(`CA at ${files.cert} is not usable`, { cause: error });
      }
    }
    // A key alone is what a crash in the middle leaves; a certificate alone is a key that was taken away.
    if ((await readIfPresent(files.cert)) !== undefined) throw new Error(`key of the CA at ${files.cert} is missing`);
    const made = await CertificateAuthority.create(commonName, this.#clock);
    await this.#writePair(files, made);
    return made;
  }

  async #certificate(files: CertificateFiles, ca: CertificateAuthority, profile: CertificateProfile): Promise<void> {
    const found = await readPair(files);
    if (found && this.#isGood(found, ca, profile)) return;
    await this.#writePair(files, await ca.issue(profile));
  }

  #isGood(found: CertifiedKey, ca: CertificateAuthority, profile: CertificateProfile): boolean {
    const certificate = new X509Certificate(found.cert);
    if (Date.parse(certificate.validTo) - this.#clock.now() < RENEW_BEFORE_MS) return false;
    if (!isOwnKey(found) || !ca.signed(found.cert)) return false;
    return (profile.hosts ?? []).every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined);
  }

  async #serviceAccountKeys(): Promise<void> {
    const { serviceAccountKey, serviceAccountPublicKey } = this.files;
    const key = await readIfPresent(serviceAccountKey);
    if (key === undefined) {
      const made = await generateKeys();
      await this.#write(serviceAccountKey, made.privateKey);
      await this.#write(serviceAccountPublicKey, made.publicKey, 0o644);
    } else if ((await readIfPresent(serviceAccountPublicKey)) === undefined) await this.#write(serviceAccountPublicKey, publicKeyOf(key), 0o644);
  }

  async #busOperator(): Promise<void> {
    const { bus } = this.files;
    const present = new Map<string, string>();
    for (const [name, path] of Object.entries(bus)) {
      const text = await readIfPresent(path);
      if (text !== undefined) present.set(name, text.trim());
    }
    if (present.size === Object.keys(bus).length) return;
    // A seed that is lost makes new JWTs of everything below it; what exists is kept.
    const made = await createBusOperator(Object.fromEntries([...present].filter(([name]) => name.endsWith('Seed'))));
    for (const [name, path] of Object.entries(bus)) {
      if (name.endsWith('Seed') && present.has(name)) continue;
      await this.#write(path, `${made[name as keyof BusOperator]}\n`);
    }
  }

  async #writePair(files: CertificateFiles, pair: CertifiedKey): Promise<void> {
    // The key first: a crash in between leaves a pair that does not match and is made again.
    await this.#write(files.key, pair.key);
    await this.#write(files.cert, pair.cert, 0o644);
  }

  async #write(path: string, text: string, mode?: number): Promise<void> {
    await writeSecretFile(path, text, mode);
    this.written.push(path);
  }
}

async function readPair(files: CertificateFiles): Promise<CertifiedKey | undefined> {
  const [cert, key] = await Promise.all([readIfPresent(files.cert), readIfPresent(files.key)]);
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

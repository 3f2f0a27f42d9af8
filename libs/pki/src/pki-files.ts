import { join } from 'node:path';

/** Where a certificate, its key and the CA that signed it are. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The files of a `ClusterPki`, by what they are for. Nothing else builds these paths. */
export class PkiFiles {
  constructor(readonly directory: string) {}

  /** The cluster CA: signs whoever talks to the apiserver, by REST, gRPC or NATS, and the apiserver itself. */
  get ca(): CertificateFiles {
    return this.#signedBy('ca', 'ca');
  }

  /** Signs only etcd and its one client. */
  get etcdCa(): CertificateFiles {
    return this.#signedBy('etcd-ca', 'etcd-ca');
  }

  /** Signs only the client that the apiserver is to aggregated API servers. */
  get frontProxyCa(): CertificateFiles {
    return this.#signedBy('front-proxy-ca', 'front-proxy-ca');
  }

  get apiserver(): CertificateFiles {
    return this.#signedBy('apiserver', 'ca');
  }

  /** The apiserver as a client of kubelets. */
  get apiserverKubeletClient(): CertificateFiles {
    return this.#signedBy('apiserver-kubelet-client', 'ca');
  }

  get frontProxyClient(): CertificateFiles {
    return this.#signedBy('front-proxy-client', 'front-proxy-ca');
  }

  get etcd(): CertificateFiles {
    return this.#signedBy('etcd-server', 'etcd-ca');
  }

  get apiserverEtcdClient(): CertificateFiles {
    return this.#signedBy('apiserver-etcd-client', 'etcd-ca');
  }

  get nats(): CertificateFiles {
    return this.#signedBy('nats-server', 'ca');
  }

  /** Configuration of nats-server; holds the accounts' JWTs, but no seed. */
  get natsConfig(): string {
    return this.#path('nats.conf');
  }

  /** `<id>.<secret>`, with which nodes ask for their certificates. */
  get bootstrapToken(): string {
    return this.#path('bootstrap-token');
  }

  /** A kubeconfig with the bootstrap token, as upstream's kubelet takes it. */
  get bootstrapKubeconfig(): string {
    return this.#path('bootstrap-kubeconfig');
  }

  get admin(): CertificateFiles {
    return this.#signedBy('admin', 'ca');
  }

  get serviceAccountKey(): string {
    return this.#path('sa.key');
  }

  get serviceAccountPublicKey(): string {
    return this.#path('sa.pub');
  }

  /** The NATS operator's and accounts' seeds and JWTs. */
  get bus() {
    return {
      operatorSeed: this.#path('nats-operator.seed'),
      operatorJwt: this.#path('nats-operator.jwt'),
      systemAccountSeed: this.#path('nats-system-account.seed'),
      systemAccountJwt: this.#path('nats-system-account.jwt'),
      accountSeed: this.#path('nats-account.seed'),
      accountJwt: this.#path('nats-account.jwt'),
    } as const;
  }

  /** A component's client certificate: `scheduler`, `controller-manager`, `proxy`, `dns`, `network-agent`, `local-path`. */
  component(name: string): CertificateFiles {
    return this.#signedBy(name, 'ca');
  }

  /** A node's certificate, for its kubelet as client and server. */
  node(name: string): CertificateFiles {
    return this.#signedBy(join('nodes', name), 'ca');
  }

  #path(name: string): string {
    return join(this.directory, name);
  }

  #signedBy(name: string, ca: string): CertificateFiles {
    return { ca: this.#path(`${ca}.crt`), cert: this.#path(`${name}.crt`), key: this.#path(`${name}.key`) };
  }
}

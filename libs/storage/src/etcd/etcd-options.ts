/** How to reach etcd: upstream's `--etcd-servers`, `--etcd-cafile`, `--etcd-certfile`, `--etcd-keyfile`. */
export interface EtcdConnectionOptions {
  /** `http://host:port` or `https://host:port`, all of one kind. */
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTls;
}

/** PEM. */
export interface EtcdTls {
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface EtcdStoreOptions extends EtcdConnectionOptions {
  /** `--etcd-transactions`: `single` for stores without nested transactions, such as kine. */
  readonly transactions?: 'grouped' | 'single';
}

/** Deadlines of one call to one member. A read that no other member can be asked for waits longer: a store that is slow is better than none. */
export const callTimeoutMs = { write: 10_000, read: 3_000, lastRead: 10_000, connect: 2_000 } as const;

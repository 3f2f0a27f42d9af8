import { ApiError, parseBoolean, serviceUnavailable } from '@navarch/apimachinery';
import type { TlsMaterialFiles } from '@navarch/rpc';
import { dialPort, type RemoteCommand, type RemoteCommandStreams, SpdyRemoteCommand, UpgradeFailed } from '@navarch/streaming';
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import type { ConnectRequest } from '../registry/connect';
import { trustedBy } from '../services/trusted-by';
import type { NodeConnections } from './node-connections';
import type { PodTarget } from './pod-target';
import { proxyTo } from './reverse-proxy';

/** Upstream's kubelet port. */
const KUBELET_PORT = 10250;
/** An address that is a name may be known nowhere; one that is an IP is always good, so it comes first here. */
export const ADDRESS_TYPES = ['InternalIP', 'Hostname', 'InternalDNS', 'ExternalIP', 'ExternalDNS'];

/** The client would rather have logs of who knows whom than none: the kubelet's certificate may be anybody's. */
const UNVERIFIED = 'insecureSkipTLSVerifyBackend';

/** Who this server is to kubelets, and whom it believes. */
export interface KubeletFiles {
  /** Without it any kubelet is believed, as by upstream's server. */
  readonly caFile: string | undefined;
  readonly client: Pick<TlsMaterialFiles, 'certFile' | 'keyFile'> | undefined;
}

export type KubeletTls = Pick<SecureContextOptions, 'allowPartialTrustChain' | 'ca' | 'cert' | 'key'> & { readonly rejectUnauthorized?: boolean };

const isRefusal = (error: unknown): error is UpgradeFailed => error instanceof Error && error.name === UpgradeFailed.name;

/** Calls nodes that have no node service, such as upstream's kubelet, over HTTPS (rules 6.4). */
export class KubeletClient {
  constructor(
    private readonly nodes: NodeConnections,
    /** Read for every connection: what is in them is renewed. */
    private readonly files: KubeletFiles,
    private readonly addressTypes: readonly string[] = ADDRESS_TYPES,
  ) {}

  /** @throws notFound, serviceUnavailable */
  url(node: string, path: string, query: URLSearchParams): URL {
    const { status } = this.nodes.node(node);
    const addresses = status?.addresses ?? [];
    const preferred = this.addressTypes.flatMap((type) => addresses.filter((address) => address.type === type));
    const address = preferred[0]?.address;
    if (address === undefined) throw serviceUnavailable('no preferred addresses found; known addresses: []');
    // A node that says nothing of its port says 0, as Go writes it.
    const port = status?.daemonEndpoints?.kubeletEndpoint?.Port || KUBELET_PORT;
    const url = new URL(`https://${address.includes(':') ? `[${address}]` : address}:${port}`);
    url.pathname = path;
    url.search = query.toString();
    return url;
  }

  /** @throws Error for files that are not there */
  async credentials(): Promise<KubeletTls> {
    const { caFile, client } = this.files;
    const trust = caFile === undefined ? { rejectUnauthorized: false } : trustedBy(await readFile(caFile));
    return client ? { ...trust, cert: await readFile(client.certFile), key: await readFile(client.keyFile) } : trust;
  }

  async logs({ pod, node }: PodTarget, container: string, connection: ConnectRequest): Promise<void> {
    const { namespace = '', name = '' } = pod.metadata;
    const query = new URLSearchParams(connection.query);
    for (const own of ['container', UNVERIFIED]) query.delete(own);
    const credentials = await this.credentials();
    await proxyTo(this.url(node, `/containerLogs/${namespace}/${name}/${container}`, query), connection, parseBoolean(connection.query.get(UNVERIFIED)) === true ? { ...credentials, rejectUnauthorized: false } : credentials);
  }

  async command(target: PodTarget, container: string, connection: ConnectRequest, streams: RemoteCommandStreams): Promise<RemoteCommand> {
    const { namespace = '', name = '' } = target.pod.metadata;
    const query = new URLSearchParams();
    for (const [flag, wanted] of [['input', streams.stdin], ['output', streams.stdout], ['error', streams.stderr], ['tty', streams.tty]] as const) if (wanted) query.set(flag, '1');
    for (const part of connection.query.getAll('command')) query.append('command', part);
    const url = this.url(target.node, `/${connection.subresource}/${namespace}/${name}/${container}`, query);
    try {
      return await SpdyRemoteCommand.dial(url, streams, { tls: await this.credentials(), signal: connection.signal });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw new ApiError({ code: error.code >= 400 ? error.code : 500, reason: error.code === 400 ? 'BadRequest' : '', message: error.message });
    }
  }

  async port({ pod, node }: PodTarget, port: number, signal: AbortSignal): Promise<Duplex> {
    const { namespace = '', name = '' } = pod.metadata;
    return dialPort(this.url(node, `/portForward/${namespace}/${name}`, new URLSearchParams()), port, { tls: await this.credentials(), signal });
  }
}

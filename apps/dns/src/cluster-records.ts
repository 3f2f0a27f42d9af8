import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { corev1, discoveryv1 } from '@navarch/api';
import type { Answer, RecordType, SrvData } from 'dns-packet';
import { readName, reverseAddress, type Question } from './names';

/** What the cluster's names are made of; all reads are synchronous look-ups. */
export interface ClusterView {
  service(namespace: string, name: string): corev1.Service | undefined;
  slices(namespace: string, service: string): readonly discoveryv1.EndpointSlice[];
  namespaceExists(name: string): boolean;
  /** Services by cluster IP, for reverse names. */
  serviceByAddress(address: string): corev1.Service | undefined;
  /** Endpoints by address, of headless services. */
  slicesByAddress(address: string): readonly discoveryv1.EndpointSlice[];
}

export interface RecordOptions {
  /** `cluster.local` */
  readonly domain: string;
  readonly ttlSeconds: number;
  /** Where this server is found: the cluster IP of kube-dns. */
  readonly serverAddress: string;
}

/** `undefined` answers mean: not ours, ask another server. */
export type Resolution = { readonly kind: 'found'; readonly answers: Answer[]; readonly additionals: Answer[] } | { readonly kind: 'no-such-name' };

const nothing: Resolution = { kind: 'found', answers: [], additionals: [] };
const noSuchName: Resolution = { kind: 'no-such-name' };

interface HeadlessEndpoint {
  readonly hostname: string;
  readonly address: string;
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
}

/** The Kubernetes DNS specification: pure answers from what the cluster holds. */
export class ClusterRecords {
  constructor(private readonly options: RecordOptions, private readonly view: ClusterView) {}

  resolve(name: string, type: RecordType): Resolution | undefined {
    const address = reverseAddress(name);
    if (address !== undefined) return this.#reverse(name, address, type);
    const question = readName(name, this.options.domain);
    return question && this.#answer(name, type, question);
  }

  #answer(name: string, type: RecordType, question: Question): Resolution {
    switch (question.kind) {
      case 'service':
        return this.#service(name, type, question);
      case 'port':
        return this.#port(name, type, question);
      case 'endpoint':
        return this.#endpoint(name, type, question);
      case 'pod':
        return this.#pod(name, type, question);
      case 'namespace':
        return this.view.namespaceExists(question.namespace) ? nothing : noSuchName;
      case 'apex':
        return this.#apex(name, type);
      case 'server':
        return this.#addresses(name, type, [this.options.serverAddress]);
      case 'empty':
        return nothing;
      case 'dns-version':
        return type === 'TXT' ? found([{ name, type: 'TXT', class: 'IN', ttl: this.#ttl, data: '1.1.0' }]) : nothing;
      case 'unknown':
        return noSuchName;
    }
  }

  /** The zone's SOA, as it goes with every "no": how long that may be remembered is its last number. */
  authority(negativeTtlSeconds: number): Answer {
    const { domain } = this.options;
    return {
      name: domain, type: 'SOA', class: 'IN', ttl: Math.min(this.#ttl, negativeTtlSeconds),
      data: { mname: `ns.dns.${domain}`, rname: `hostmaster.${domain}`, serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: negativeTtlSeconds },
    };
  }

  #apex(name: string, type: RecordType): Resolution {
    const { domain, serverAddress } = this.options;
    if (type === 'SOA') return found([this.authority(this.#ttl)]);
    if (type !== 'NS') return nothing;
    const data = `ns.dns.${domain}`;
    return { kind: 'found', answers: [{ name, type: 'NS', class: 'IN', ttl: this.#ttl, data }], additionals: addressRecords(data, [serverAddress], this.#ttl) };
  }

  get #ttl(): number {
    return this.options.ttlSeconds;
  }

  #service(name: string, type: RecordType, { namespace, service: serviceName }: { namespace: string; service: string }): Resolution {
    const service = this.view.service(namespace, serviceName);
    if (service === undefined) return noSuchName;
    if (service.spec?.type === 'ExternalName') return found([{ name, type: 'CNAME', class: 'IN', ttl: this.#ttl, data: service.spec.externalName ?? '' }]);
    if (type === 'SRV') return this.#allPorts(name, service);
    if (!isHeadless(service)) return this.#addresses(name, type, service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? '']);
    const endpoints = this.#endpoints(service);
    return endpoints.length === 0 ? noSuchName : this.#addresses(name, type, endpoints.map((endpoint) => endpoint.address));
  }

  #port(name: string, type: RecordType, { namespace, service: serviceName, port: portName, protocol }: { namespace: string; service: string; port: string; protocol: string }): Resolution {
    const service = this.view.service(namespace, serviceName);
    if (service === undefined) return noSuchName;
    const matches = (port: { name?: string; protocol?: string }): boolean => port.name === portName && (port.protocol ?? 'TCP').toLowerCase() === protocol;
    if (isHeadless(service)) {
      const records = this.#endpoints(service).flatMap((endpoint) => endpoint.ports.filter(matches).map((port) => this.#srv(name, service, endpoint, port.port)));
      return records.length === 0 ? noSuchName : type === 'SRV' ? merge(records) : nothing;
    }
    const records = (service.spec?.ports ?? []).filter(matches).map((port) => this.#srv(name, service, undefined, port.port));
    return records.length === 0 ? noSuchName : type === 'SRV' ? merge(records) : nothing;
  }

  #allPorts(name: string, service: corev1.Service): Resolution {
    if (!isHeadless(service)) return merge((service.spec?.ports ?? []).map((port) => this.#srv(name, service, undefined, port.port)));
    return merge(this.#endpoints(service).flatMap((endpoint) => endpoint.ports.map((port) => this.#srv(name, service, endpoint, port.port))));
  }

  /** An SRV record, and the address of its target. */
  #srv(name: string, service: corev1.Service, endpoint: HeadlessEndpoint | undefined, port: number): SrvRecord {
    const serviceName = `${service.metadata.name ?? ''}.${service.metadata.namespace ?? ''}.svc.${this.options.domain}`;
    const target = endpoint === undefined ? serviceName : `${endpoint.hostname}.${serviceName}`;
    const data: SrvData = { port, target, priority: 0, weight: 100 };
    const addresses = endpoint === undefined ? (service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? '']) : [endpoint.address];
    return {
      answer: { name, type: 'SRV', class: 'IN', ttl: this.#ttl, data },
      additionals: addressRecords(target, addresses, this.#ttl),
    };
  }

  #endpoint(name: string, type: RecordType, { namespace, service: serviceName, hostname }: { namespace: string; service: string; hostname: string }): Resolution {
    const service = this.view.service(namespace, serviceName);
    if (service === undefined || !isHeadless(service)) return noSuchName;
    const matching = this.#endpoints(service).filter((endpoint) => endpoint.hostname === hostname || dashed(endpoint.address) === hostname);
    if (matching.length === 0) return noSuchName;
    return this.#addresses(name, type, matching.map((endpoint) => endpoint.address));
  }

  #pod(name: string, type: RecordType, { namespace, address }: { namespace: string; address: string }): Resolution {
    if (!this.view.namespaceExists(namespace)) return noSuchName;
    const written = [address.replaceAll('-', '.'), address.replaceAll('-', ':')].find((candidate) => isIP(candidate) !== 0);
    return written === undefined ? noSuchName : this.#addresses(name, type, [written]);
  }

  #reverse(name: string, address: string, type: RecordType): Resolution | undefined {
    const { domain } = this.options;
    const service = this.view.serviceByAddress(address);
    const targets = service !== undefined
      ? [`${service.metadata.name ?? ''}.${service.metadata.namespace ?? ''}.svc.${domain}`]
      : this.view.slicesByAddress(address).flatMap((slice) => this.#reverseOfSlice(slice, address));
    if (targets.length === 0) return undefined;
    return type === 'PTR' ? found([...new Set(targets)].map((data) => ({ name, type: 'PTR', class: 'IN', ttl: this.#ttl, data }))) : nothing;
  }

  #reverseOfSlice(slice: discoveryv1.EndpointSlice, address: string): string[] {
    const namespace = slice.metadata.namespace ?? '';
    const name = slice.metadata.labels?.['kubernetes.io/service-name'] ?? '';
    const service = this.view.service(namespace, name);
    if (service === undefined || !isHeadless(service)) return [];
    return (slice.endpoints ?? [])
      .filter((endpoint) => isPublished(service, endpoint) && endpoint.addresses.includes(address))
      .map((endpoint) => `${endpoint.hostname ?? dashed(address)}.${name}.${namespace}.svc.${this.options.domain}`);
  }

  #addresses(name: string, type: RecordType, addresses: readonly string[]): Resolution {
    const wanted = type === 'A' ? addresses.filter(isIPv4) : type === 'AAAA' ? addresses.filter(isIPv6) : [];
    return found([...new Set(wanted)].map((data) => ({ name, type: type as 'A', class: 'IN', ttl: this.#ttl, data })));
  }

  #endpoints(service: corev1.Service): HeadlessEndpoint[] {
    const { namespace = '', name = '' } = service.metadata;
    return this.view.slices(namespace, name).flatMap((slice) => {
      const ports = (slice.ports ?? []).map((port) => ({ name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: port.port ?? 0 }));
      return (slice.endpoints ?? [])
        .filter((endpoint) => isPublished(service, endpoint))
        .flatMap((endpoint) => endpoint.addresses.map((address) => ({ hostname: endpoint.hostname ?? dashed(address), address, ports })));
    });
  }
}

const isHeadless = (service: corev1.Service): boolean => service.spec?.clusterIP === 'None';
/** Names, forward and reverse, are of endpoints that are ready, unless the Service wants them all. */
const isPublished = ({ spec }: corev1.Service, { conditions }: discoveryv1.Endpoint): boolean => spec?.publishNotReadyAddresses === true || conditions?.ready !== false;
/** A or AAAA records by the kind of each address. */
const addressRecords = (name: string, addresses: readonly string[], ttl: number): Answer[] =>
  addresses.filter((address) => isIP(address) !== 0).map((data) => ({ name, type: isIPv4(data) ? 'A' : 'AAAA', class: 'IN', ttl, data }));
const dashed = (address: string): string => address.replace(/[.:]/g, '-');
const found = (answers: Answer[]): Resolution => ({ kind: 'found', answers, additionals: [] });

interface SrvRecord {
  readonly answer: Answer;
  /** Addresses of its target. */
  readonly additionals: readonly Answer[];
}

/** Two records may share a target. */
function merge(records: readonly SrvRecord[]): Resolution {
  const additionals = new Map(records.flatMap((record) => record.additionals).map((record) => [JSON.stringify(record), record]));
  return { kind: 'found', answers: records.map((record) => record.answer), additionals: [...additionals.values()] };
}

// A back end of the proxy in a process of its own: Services of IPv4 by nftables, in a hundred lines. It runs in a node's network namespace, as root:
//   ip netns exec nv-navarch-node-1 npx tsx examples/swap/proxy/data-plane.ts unix:///run/own/node-1.sock
// It needs nothing of Navarch but proto/navarch/proxy/v1/dataplane.proto. All connections are masqueraded, clients are not kept with an endpoint, and ranges of clients are not looked at.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { dirname, join } from 'node:path';
import { loadPackageDefinition, Server, ServerCredentials, type ServerDuplexStream, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

interface Endpoint { readonly address: string; readonly port: number }
interface ServicePort {
  readonly id: string;
  readonly protocol: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly node_port: number;
  readonly endpoints: readonly Endpoint[];
  readonly local_endpoints: readonly Endpoint[];
  readonly internal_local: boolean;
  readonly external_local: boolean;
}
interface SyncRequest { readonly sequence: string; readonly reset: boolean; readonly upsert: readonly ServicePort[]; readonly remove: readonly string[] }

const table = 'own-data-plane';
const known = new Map<string, ServicePort>();

/** What happens to what matches: sent to one of the endpoints, or, as there is none, refused by a rule of `closed`. */
const balanced = (match: string, endpoints: readonly Endpoint[]): string[] =>
  endpoints.length === 0 ? [] : [`${match} dnat to numgen random mod ${endpoints.length} map { ${endpoints.map(({ address, port }, slot) => `${slot} : ${address} . ${port}`).join(', ')} }`];

/** The doors of a Service: its addresses, and its port on every address of this node. The first address is the cluster's own, the others are for those outside. */
function doorsOf(service: ServicePort): { readonly match: string; readonly endpoints: readonly Endpoint[] }[] {
  const { addresses: [clusterIp, ...external], endpoints, local_endpoints: local } = service;
  const protocol = service.protocol.replace('PROTOCOL_', '').toLowerCase();
  const outside = service.external_local ? local : endpoints;
  return [
    ...(clusterIp === undefined ? [] : [{ match: `ip daddr ${clusterIp} ${protocol} dport ${service.port}`, endpoints: service.internal_local ? local : endpoints }]),
    ...external.map((address) => ({ match: `ip daddr ${address} ${protocol} dport ${service.port}`, endpoints: outside })),
    ...(service.node_port === 0 ? [] : [{ match: `fib daddr type local ip daddr != 127.0.0.0/8 ${protocol} dport ${service.node_port}`, endpoints: outside }]),
  ];
}

/** All rules anew, which nft brings into force at once or not at all. */
function ruleset(): string {
  const doors = [...known.values()].flatMap(doorsOf);
  const rules = doors.flatMap(({ match, endpoints }) => balanced(match, endpoints));
  const closed = doors.filter(({ endpoints }) => endpoints.length === 0).map(({ match }) => (match.includes(' tcp ') ? `${match} reject with tcp reset` : `${match} reject`));
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain services { ${rules.join('; ')} ; }
  chain closed { ${closed.join('; ')} ; }
  chain prerouting { type nat hook prerouting priority dstnat; jump services; }
  chain output { type nat hook output priority -100; jump services; }
  chain postrouting { type nat hook postrouting priority srcnat; ct status dnat masquerade; }
  chain input { type filter hook input priority filter; ct state new jump closed; }
  chain forward { type filter hook forward priority filter; ct state new jump closed; }
  chain sent { type filter hook output priority filter; ct state new jump closed; }
}
`;
}

/** @throws what is wrong, in nft's words or ours */
function carryOut({ reset, upsert, remove }: SyncRequest): void {
  if (reset) known.clear();
  for (const id of remove) known.delete(id);
  const ofFamily = upsert.filter(({ id }) => !id.endsWith('/IPv6'));
  const bad = ofFamily.flatMap(({ addresses, endpoints }) => [...addresses, ...endpoints.map(({ address }) => address)]).find((address) => !isIPv4(address));
  if (bad !== undefined) throw new Error(`${bad} is no address`);
  for (const service of ofFamily) known.set(service.id, service);
  const { status, stderr } = spawnSync('nft', ['-f', '-'], { input: ruleset(), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const definition = loadSync(join(__dirname, '../../../proto/navarch/proxy/v1/dataplane.proto'), { keepCase: true, longs: String, enums: String, defaults: true });
const { DataPlaneService } = (loadPackageDefinition(definition) as unknown as { navarch: { proxy: { v1: { DataPlaneService: ServiceClientConstructor } } } }).navarch.proxy.v1;

const server = new Server();
server.addService(DataPlaneService.service, {
  Sync: (call: ServerDuplexStream<SyncRequest, object>) => {
    call.on('data', (request: SyncRequest) => {
      let error = '';
      try {
        carryOut(request);
      } catch (why) {
        error = (why as Error).message;
      }
      call.write({ sequence: request.sequence, error });
    });
    call.on('end', () => call.end());
  },
});
const address = process.argv[2] ?? 'unix:///run/own/data-plane.sock';
if (address.startsWith('unix://')) {
  const path = address.slice('unix://'.length);
  mkdirSync(dirname(path), { recursive: true });
  // Of one that was killed: nobody listens there.
  rmSync(path, { force: true });
}
server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  process.stdout.write(`listening on ${address}\n`);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.forceShutdown());

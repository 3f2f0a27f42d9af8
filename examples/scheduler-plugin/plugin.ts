// A scheduler plug-in in a process of its own: pods choose the room they run in, and quiet nodes are preferred.
//   npx tsx examples/scheduler-plugin/plugin.ts unix:///tmp/rooms/plugin.sock
// It needs nothing of Navarch but proto/navarch/scheduler/v1/plugin.proto; any language with gRPC will do.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const roomAnnotation = 'example.com/room';
const roomLabel = 'example.com/room';

interface ApiObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
}

interface Asked {
  /** The Pod as JSON. */
  readonly pod: Buffer;
  readonly nodes: readonly { readonly name: string; readonly node: Buffer; readonly requested: Record<string, string> }[];
}

/** A pod that asks for no room may go anywhere: then there is nothing to ask about nodes. */
function preFilter({ pod }: Pick<Asked, 'pod'>): object {
  return { skip: (JSON.parse(pod.toString()) as ApiObject).metadata.annotations?.[roomAnnotation] === undefined };
}

/** Which nodes are in the room that the pod asks for. */
function filter({ pod, nodes }: Asked): object {
  const wanted = (JSON.parse(pod.toString()) as ApiObject).metadata.annotations?.[roomAnnotation];
  const verdicts = nodes.map(({ name, node }) => {
    const room = (JSON.parse(node.toString()) as ApiObject).metadata.labels?.[roomLabel];
    const feasible = wanted === undefined || wanted === room;
    return { node: name, feasible, reason: feasible ? '' : `node(s) were not in room ${wanted}`, unresolvable: true };
  });
  return { verdicts };
}

/** The fewer millicores are requested of a node, the better; 10 points are lost for each 1,000. */
function score({ nodes }: Asked): object {
  return { scores: nodes.map(({ name, requested }) => ({ node: name, score: Math.max(0, 100 - Math.round(Number(requested['cpu'] ?? 0) / 100)) })) };
}

/** What can help a pod that was refused: nodes that come, or move. By the names of upstream's events. */
const queueingEvents = ['NodeAdd', 'NodeUpdateNodeLabel'];

interface Happened {
  readonly events: readonly { readonly after: Buffer; readonly pod_uids: readonly string[] }[];
  readonly pods: readonly Buffer[];
}

/** Of the pods that wait, those that want the room in which a node is now. */
function queueingHint({ events, pods }: Happened): object {
  const wanted = new Map(pods.map((pod) => {
    const { metadata } = JSON.parse(pod.toString()) as ApiObject;
    return [metadata.uid, metadata.annotations?.[roomAnnotation]];
  }));
  const helped = events.flatMap(({ after, pod_uids: uids }) => {
    const room = (JSON.parse(after.toString()) as ApiObject).metadata.labels?.[roomLabel];
    return uids.filter((uid) => wanted.get(uid) === room);
  });
  return { helped_uids: [...new Set(helped)] };
}

const answer = <T>(method: (asked: T) => object) => (call: ServerUnaryCall<T, object>, reply: sendUnaryData<object>): void => {
  try {
    reply(null, method(call.request));
  } catch (error) {
    reply(error instanceof Error ? error : new Error(String(error)));
  }
};

const definition = loadSync(join(__dirname, '../../proto/navarch/scheduler/v1/plugin.proto'), { keepCase: true, longs: String, enums: String, defaults: true });
const { PluginService } = (loadPackageDefinition(definition) as unknown as { navarch: { scheduler: { v1: { PluginService: ServiceClientConstructor } } } }).navarch.scheduler.v1;

const server = new Server();
server.addService(PluginService.service, {
  Describe: answer(() => ({ name: 'Rooms', extension_points: ['EXTENSION_POINT_PRE_FILTER', 'EXTENSION_POINT_FILTER', 'EXTENSION_POINT_SCORE'], weight: 1, queueing_events: queueingEvents, queueing_hints: true })),
  PreFilter: answer(preFilter),
  Filter: answer(filter),
  Score: answer(score),
  QueueingHint: answer(queueingHint),
  // What it does not announce it need not answer: PostFilter, Reserve, Permit, PreBind and PostBind.
});
const address = process.argv[2] ?? 'unix:///tmp/rooms/plugin.sock';
if (address.startsWith('unix://')) mkdirSync(dirname(address.slice('unix://'.length)), { recursive: true });
server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  process.stdout.write(`listening on ${address}\n`);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.forceShutdown());

// A whole scheduler against the gRPC contract, in under a hundred lines: it binds each pod of `schedulerName: tiny` to the node with the fewest pods.
//   npx tsx examples/swap/scheduler/scheduler.ts 127.0.0.1:6444 .navarch/navarch/pki
// It needs nothing of Navarch but proto/navarch/object/v1/object.proto.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, loadPackageDefinition, status, type ClientReadableStream, type GrpcObject, type ServiceClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

interface Meta { readonly name: string; readonly namespace: string; readonly uid: string; readonly deletionTimestamp?: string }
interface Node { readonly metadata: Meta; readonly spec?: { readonly unschedulable?: boolean }; readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } }
interface Pod { readonly metadata: Meta; readonly spec: { readonly nodeName?: string; readonly schedulerName?: string; readonly schedulingGates?: readonly object[] }; readonly status?: { readonly phase?: string } }
interface Snapshot { readonly epoch: string; readonly resource_version: string; readonly objects: readonly Buffer[] }
interface Changes { readonly epoch: string; readonly events: readonly { readonly type: string; readonly resource_version: string; readonly object: Buffer }[] }
interface ObjectService {
  Snapshot(request: object): ClientReadableStream<Snapshot>;
  Watch(request: object): ClientReadableStream<Changes>;
  Create(request: object, done: (error: ServiceError | null) => void): void;
}

const [address = '127.0.0.1:6444', pki = '.navarch/navarch/pki', schedulerName = 'tiny'] = process.argv.slice(2);
const proto = loadSync(join(__dirname, '../../../proto/navarch/object/v1/object.proto'), { keepCase: true, longs: String, enums: String, defaults: true });
const contract = ['navarch', 'object', 'v1'].reduce((part, name) => part[name] as GrpcObject, loadPackageDefinition(proto));
const read = (file: string): Buffer => readFileSync(join(pki, file));
// As upstream's scheduler: its rights are those of `system:kube-scheduler`.
const tls = credentials.createSsl(read('ca.crt'), read('scheduler.key'), read('scheduler.crt'));
const api = new (contract['ObjectService'] as ServiceClientConstructor)(address, tls) as unknown as ObjectService;

const resource = (name: string): object => ({ group: '', version: 'v1', resource: name });
const nodes = new Set<string>();
const placed = new Map<string, string>(); // pod uid -> node
const waiting = new Map<string, Pod>();

/** Takes in what there is, then every change; goes on where it was when the stream ends, or from a new snapshot if that is too long ago. */
async function follow<T>(name: string, forget: () => void, apply: (deleted: boolean, object: T) => void): Promise<never> {
  for (let at: Snapshot | undefined; ;) {
    try {
      if (at === undefined) {
        let last: Snapshot | undefined;
        forget();
        for await (last of api.Snapshot({ class: { resource: resource(name) } }) as AsyncIterable<Snapshot>) for (const object of last.objects) apply(false, JSON.parse(object.toString()) as T);
        at = last;
      }
      for await (const frame of api.Watch({ class: { resource: resource(name) }, resource_version: at?.resource_version }) as AsyncIterable<Changes>) {
        if (frame.epoch !== at?.epoch) throw new Error('another history');
        for (const { type, object, resource_version } of frame.events) {
          at = { ...at, resource_version };
          if (object.length > 0) apply(type === 'EVENT_TYPE_DELETED', JSON.parse(object.toString()) as T);
        }
        schedule(); // bookmarks come too, so what was refused is tried again
      }
    } catch (error) {
      console.error(`${name}: ${(error as Error).message}`);
      if ((error as ServiceError).code !== status.UNAVAILABLE) at = undefined;
      await sleep(1_000);
    }
  }
}

function onNode(deleted: boolean, { metadata, spec, status: reported }: Node): void {
  const ready = reported?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
  if (deleted || !ready || spec?.unschedulable) nodes.delete(metadata.name);
  else nodes.add(metadata.name);
}

function onPod(deleted: boolean, pod: Pod): void {
  const { uid, deletionTimestamp } = pod.metadata;
  waiting.delete(uid);
  placed.delete(uid);
  if (deleted || ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) return;
  if (pod.spec.nodeName) placed.set(uid, pod.spec.nodeName);
  else if (pod.spec.schedulerName === schedulerName && !deletionTimestamp && !pod.spec.schedulingGates?.length) waiting.set(uid, pod);
}

function schedule(): void {
  for (const [uid, pod] of waiting) {
    const count = (node: string): number => [...placed.values()].filter((other) => other === node).length;
    const [node] = [...nodes].sort((a, b) => count(a) - count(b) || a.localeCompare(b));
    if (node === undefined) return;
    waiting.delete(uid);
    placed.set(uid, node); // counted at once; taken back if the binding is refused
    bind(pod, node);
  }
}

function bind(pod: Pod, node: string): void {
  const { namespace, name, uid } = pod.metadata;
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target: { kind: 'Node', name: node } };
  api.Create({ key: { resource: resource('pods'), namespace, name }, subresource: 'binding', object: Buffer.from(JSON.stringify(binding)) }, (error) => {
    if (!error) return console.log(`${namespace}/${name} runs on ${node}`);
    console.error(`${namespace}/${name}: ${error.details}`);
    // Refused because it is gone or has a node is no reason to try again; anything else is.
    if (placed.delete(uid) && ![status.NOT_FOUND, status.ABORTED].includes(error.code)) waiting.set(uid, pod);
  });
}

void follow<Node>('nodes', () => nodes.clear(), onNode);
void follow<Pod>('pods', () => [placed, waiting].forEach((known) => known.clear()), onPod);

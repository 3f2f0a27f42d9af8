// A whole scheduler against the gRPC contract, in under a hundred lines: it binds each pod of `schedulerName: tiny` to the node with the fewest pods.
//   node examples/swap/scheduler/scheduler.mjs 127.0.0.1:6444 .navarch/navarch/pki
// It needs nothing of Navarch but proto/navarch/object/v1/object.proto.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const [address = '127.0.0.1:6444', pki = '.navarch/navarch/pki', schedulerName = 'tiny'] = process.argv.slice(2);
const proto = loadSync(join(import.meta.dirname, '../../../proto/navarch/object/v1/object.proto'), { keepCase: true, longs: String, enums: String, defaults: true });
const { ObjectService } = loadPackageDefinition(proto).navarch.object.v1;
const read = (file) => readFileSync(join(pki, file));
// As upstream's scheduler: its rights are those of `system:kube-scheduler`.
const api = new ObjectService(address, credentials.createSsl(read('ca.crt'), read('scheduler.key'), read('scheduler.crt')));

const resource = (name) => ({ group: '', version: 'v1', resource: name });
const nodes = new Map();
const placed = new Map(); // pod uid -> node
const waiting = new Map(); // pod uid -> pod

/** Takes in what there is, then every change; begins again from a new snapshot when the stream ends. */
async function follow(name, apply) {
  for (;;) {
    try {
      let version = '0';
      for await (const frame of api.Snapshot({ class: { resource: resource(name) } })) {
        version = frame.resource_version;
        for (const object of frame.objects) apply('EVENT_TYPE_ADDED', JSON.parse(object));
      }
      for await (const frame of api.Watch({ class: { resource: resource(name) }, resource_version: version })) {
        for (const { type, object } of frame.events) if (object.length > 0) apply(type, JSON.parse(object));
        schedule();
      }
    } catch (error) {
      console.error(`${name}: ${error.message}`);
      await sleep(1_000);
    }
  }
}

function onNode(type, { metadata, spec, status }) {
  const ready = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  if (type === 'EVENT_TYPE_DELETED' || !ready || spec?.unschedulable) nodes.delete(metadata.name);
  else nodes.set(metadata.name, metadata.name);
}

function onPod(type, pod) {
  const { uid, deletionTimestamp } = pod.metadata;
  waiting.delete(uid);
  placed.delete(uid);
  if (type === 'EVENT_TYPE_DELETED' || ['Succeeded', 'Failed'].includes(pod.status?.phase)) return;
  if (pod.spec.nodeName) placed.set(uid, pod.spec.nodeName);
  else if (pod.spec.schedulerName === schedulerName && !deletionTimestamp && !pod.spec.schedulingGates?.length) waiting.set(uid, pod);
}

function schedule() {
  for (const [uid, pod] of waiting) {
    const count = (node) => [...placed.values()].filter((other) => other === node).length;
    const [node] = [...nodes.keys()].sort((a, b) => count(a) - count(b) || a.localeCompare(b));
    if (node === undefined) return;
    waiting.delete(uid);
    placed.set(uid, node); // counted at once; taken back if the binding is refused
    bind(pod, node);
  }
}

function bind(pod, node) {
  const { namespace, name, uid } = pod.metadata;
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target: { kind: 'Node', name: node } };
  api.Create({ key: { resource: resource('pods'), namespace, name }, subresource: 'binding', object: Buffer.from(JSON.stringify(binding)) }, (error) => {
    if (!error) return console.log(`${namespace}/${name} runs on ${node}`);
    console.error(`${namespace}/${name}: ${error.details}`);
    placed.delete(uid);
    // Refused because it is gone or has a node is no reason to try again; anything else is.
    if (![5, 10].includes(error.code)) setTimeout(() => waiting.set(uid, pod), 1_000);
  });
}

void follow('nodes', onNode);
void follow('pods', onPod);

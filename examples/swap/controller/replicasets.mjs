// Upstream's ReplicaSet controller in miniature, against the REST API alone: it keeps as many pods as each ReplicaSet asks for, and counts those that are ready.
//   KUBECONFIG=.navarch/kubeconfig node examples/swap/controller/replicasets.mjs
import { setTimeout as sleep } from 'node:timers/promises';
import * as k8s from 'kubernetes-client-node';

const config = new k8s.KubeConfig();
config.loadFromDefault();
const apps = config.makeApiClient(k8s.AppsV1Api);
const core = config.makeApiClient(k8s.CoreV1Api);
const sets = new Map();
const pods = new Map();
/** Pods made or deleted that the watch has not shown yet, by the uid of their set: acting twice on the same view makes too many. */
const expected = new Map();

const ownerOf = (pod) => pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
const isActive = (pod) => !pod.metadata.deletionTimestamp && !['Succeeded', 'Failed'].includes(pod.status?.phase);
const isReady = (pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

function podOf({ metadata, spec }) {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
  return { metadata: { ...spec.template.metadata, generateName: `${metadata.name}-`, ownerReferences: [owner] }, spec: spec.template.spec };
}

async function reconcile(set) {
  const { name, namespace, uid, deletionTimestamp, generation } = set.metadata;
  if (deletionTimestamp || (expected.get(uid) ?? 0) > 0) return;
  const own = [...pods.values()].filter((pod) => ownerOf(pod) === uid && isActive(pod));
  const missing = (set.spec.replicas ?? 1) - own.length;
  expected.set(uid, Math.abs(missing));
  const done = () => expected.set(uid, (expected.get(uid) ?? 1) - 1);
  const retract = (error) => {
    console.error(`${namespace}/${name}: ${error.message}`);
    done();
  };
  // Those that are not ready go first.
  const surplus = missing < 0 ? own.sort((a, b) => Number(isReady(a)) - Number(isReady(b))).slice(0, -missing) : [];
  await Promise.all([
    ...Array.from({ length: Math.max(missing, 0) }, () => core.createNamespacedPod({ namespace, body: podOf(set) }).catch(retract)),
    ...surplus.map(({ metadata }) => core.deleteNamespacedPod({ namespace, name: metadata.name }).catch(retract)),
  ]);
  const ready = own.filter(isReady).length;
  const status = { replicas: own.length, fullyLabeledReplicas: own.length, readyReplicas: ready, availableReplicas: ready, observedGeneration: generation };
  if (Object.entries(status).every(([field, value]) => (set.status?.[field] ?? 0) === value)) return;
  await apps.replaceNamespacedReplicaSetStatus({ namespace, name, body: { ...set, status: { ...set.status, ...status } } });
}

/** What is known is kept by an informer; every event says only that it is time to look. */
function follow(path, list, known, onEvent) {
  const informer = k8s.makeInformer(config, path, list);
  for (const event of ['add', 'update', 'delete']) {
    informer.on(event, (object) => {
      if (event === 'delete') known.delete(object.metadata.uid);
      else known.set(object.metadata.uid, object);
      onEvent(event, object);
    });
  }
  informer.on('error', async () => {
    await sleep(1_000);
    known.clear();
    await informer.start();
  });
  return informer.start();
}

await follow('/api/v1/pods', () => core.listPodForAllNamespaces(), pods, (event, pod) => {
  const owner = ownerOf(pod);
  if (event !== 'update' && (expected.get(owner) ?? 0) > 0) expected.set(owner, expected.get(owner) - 1);
});
await follow('/apis/apps/v1/replicasets', () => apps.listReplicaSetForAllNamespaces(), sets, () => undefined);
console.log('keeping ReplicaSets');
for (;;) {
  for (const set of sets.values()) await reconcile(set).catch((error) => console.error(`${set.metadata.name}: ${error.message}`));
  await sleep(200);
}

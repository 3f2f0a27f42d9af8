// What an operator in JavaScript does: @kubernetes/client-node, with informers, against the cluster of $KUBECONFIG. Prints what it saw as JSON.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppsV1Api, CoreV1Api, KubeConfig, KubernetesObjectApi, makeInformer, PatchStrategy, setHeaderOptions, Watch } from 'kubernetes-client-node';

const namespace = process.argv[2];
const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);
const seen = {};
const refusal = async (call) => {
  try {
    await call();
    return 'none';
  } catch (error) {
    return error.code;
  }
};
const until = async (check) => {
  while (!check()) await sleep(50);
};
const as = (strategy) => setHeaderOptions('Content-Type', strategy);

async function objects() {
  const created = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'settings' }, data: { a: '1' } } });
  seen.replaced = (await core.replaceNamespacedConfigMap({ name: 'settings', namespace, body: { ...created, data: { a: '2' } } })).data;
  seen.stale = await refusal(() => core.replaceNamespacedConfigMap({ name: 'settings', namespace, body: { ...created, data: {} } }));
  seen.merged = (await core.patchNamespacedConfigMap({ name: 'settings', namespace, body: { data: { b: '3' } } }, as(PatchStrategy.MergePatch))).data;
  const mine = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { c: '4' } };
  seen.applied = (await core.patchNamespacedConfigMap({ name: 'settings', namespace, fieldManager: 'operator', force: true, body: mine }, as(PatchStrategy.ServerSideApply))).data;
  seen.selected = (await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=settings' })).items.length;
  await core.deleteNamespacedConfigMap({ name: 'settings', namespace });
  seen.gone = await refusal(() => core.readNamespacedConfigMap({ name: 'settings', namespace }));
}

async function informers() {
  const informer = makeInformer(config, `/apis/apps/v1/namespaces/${namespace}/deployments`, () => apps.listNamespacedDeployment({ namespace }));
  const events = [];
  for (const event of ['add', 'update', 'delete']) informer.on(event, ({ metadata }) => events.push(`${event} ${metadata.name}`));
  await informer.start();
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'navarch.local/web:1' }] } };
  await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'web' }, spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template } } });
  await until(() => informer.get('web', namespace)?.status?.readyReplicas === 2);
  const scale = await apps.readNamespacedDeploymentScale({ name: 'web', namespace });
  await apps.replaceNamespacedDeploymentScale({ name: 'web', namespace, body: { ...scale, spec: { replicas: 1 } } });
  await until(() => informer.get('web', namespace)?.status?.readyReplicas === 1);
  await apps.deleteNamespacedDeployment({ name: 'web', namespace });
  await until(() => informer.list().length === 0);
  await informer.stop();
  seen.informer = [events[0], events.includes('update web'), events.at(-1)];
}

async function watches() {
  const events = [];
  const { metadata } = await core.listNamespacedSecret({ namespace });
  const options = { resourceVersion: metadata.resourceVersion, timeoutSeconds: 60, allowWatchBookmarks: true };
  let isGone = false;
  const note = (type, object) => {
    if (type === 'BOOKMARK') return;
    events.push(`${type} ${object.metadata.name}`);
    isGone = type === 'DELETED';
  };
  let hasEnded = false;
  const watching = await new Watch(config).watch(`/api/v1/namespaces/${namespace}/secrets`, options, note, () => (hasEnded = true));
  await core.createNamespacedSecret({ namespace, body: { metadata: { name: 'one' }, stringData: { a: 'b' } } });
  await core.deleteNamespacedSecret({ namespace, name: 'one' });
  await until(() => isGone || hasEnded);
  watching.abort();
  seen.watch = events;
}

async function anything() {
  const client = KubernetesObjectApi.makeApiClient(config);
  await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'found', namespace } });
  seen.found = (await client.list('v1', 'ConfigMap', namespace)).items.some(({ metadata }) => metadata.name === 'found');
}

await core.createNamespace({ body: { metadata: { name: namespace } } });
await Promise.all([objects(), informers(), watches()]);
await anything();
await core.deleteNamespace({ name: namespace });
console.log(JSON.stringify(seen));

// A small operator: it installs a kind of its own, refuses what that kind must not be, and keeps what it asks for.
//   KUBECONFIG=.navarch/kubeconfig node examples/operator/operator.mjs
import 'reflect-metadata';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import * as k8s from 'kubernetes-client-node';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';


const GROUP = 'example.com';
const MANAGER = 'website-operator';
/** An address of this machine that apiservers reach: with docker-compose.yml, 172.31.240.1. */
const webhookHost = process.env.WEBHOOK_HOST ?? '127.0.0.1';

const config = new k8s.KubeConfig();
config.loadFromDefault();
const { KubernetesObjectApi, PatchStrategy } = k8s;
const objects = KubernetesObjectApi.makeApiClient(config);
const websites = config.makeApiClient(k8s.CustomObjectsApi);
const definitions = config.makeApiClient(k8s.ApiextensionsV1Api);

const apply = (object) => objects.patch(object, undefined, undefined, MANAGER, true, PatchStrategy.ServerSideApply);

/** The kind must be there before anything can be done with it. */
async function installDefinition() {
  const definition = k8s.loadYaml(readFileSync(new URL('crd.yaml', import.meta.url), 'utf8'));
  await apply(definition);
  for (;;) {
    const { status } = await definitions.readCustomResourceDefinition({ name: definition.metadata.name });
    if (status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True')) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A certificate that only this process has the key of; its own authority. */
async function selfSigned() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=website-operator', keys, signingAlgorithm: algorithm, notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000),
    extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: webhookHost }])],
  }, webcrypto);
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { cert: certificate.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n` };
}

/** What a schema cannot say: no two websites have the same domain. */
async function review({ uid, object }) {
  const all = await websites.listClusterCustomObject({ group: GROUP, version: 'v1', plural: 'websites' });
  const taken = new Set(all.items.filter(({ metadata }) => metadata.uid !== object.metadata.uid).flatMap(({ spec }) => spec.domains ?? []));
  const clash = (object.spec.domains ?? []).find((domain) => taken.has(domain));
  return clash === undefined ? { uid, allowed: true } : { uid, allowed: false, status: { code: 409, message: `${clash} belongs to another website` } };
}

async function serveWebhook() {
  const tls = await selfSigned();
  const server = createServer(tls, (request, response) => {
    text(request).then(async (body) => {
      const { request: asked } = JSON.parse(body);
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: await review(asked) }));
    }).catch((error) => {
      console.error('review failed', error);
      response.writeHead(500).end();
    });
  });
  server.listen(0, webhookHost);
  await once(server, 'listening');
  await apply({
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: MANAGER },
    webhooks: [{
      name: 'websites.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', timeoutSeconds: 5,
      clientConfig: { url: `https://${webhookHost}:${server.address().port}/`, caBundle: Buffer.from(tls.cert).toString('base64') },
      rules: [{ apiGroups: [GROUP], apiVersions: ['v1'], resources: ['websites'], operations: ['CREATE', 'UPDATE'] }],
    }],
  });
}

/** The Deployment that a website is. Its owner is named, so that it goes with it. */
function deploymentFor({ metadata: { name, namespace, uid }, spec: { image, replicas } }) {
  const labels = { website: name };
  return {
    apiVersion: 'apps/v1', kind: 'Deployment',
    metadata: { name, namespace, labels, ownerReferences: [{ apiVersion: `${GROUP}/v1`, kind: 'Website', name, uid, controller: true, blockOwnerDeletion: true }] },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } } },
  };
}

async function reconcile(website) {
  const { name, namespace, deletionTimestamp } = website.metadata;
  if (deletionTimestamp !== undefined) return;
  const deployment = await apply(deploymentFor(website));
  const replicas = deployment.status?.readyReplicas ?? 0;
  if (website.status?.replicas !== replicas)
    await websites.patchNamespacedCustomObjectStatus({ group: GROUP, version: 'v1', namespace, plural: 'websites', name, body: { status: { replicas } } }, k8s.setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
}

/** Follows a kind; each change of an object is a reason to look at its website. */
async function follow(path, list, websiteOf, wanted) {
  const informer = k8s.makeInformer(config, path, list);
  const changed = (object) => wanted(websiteOf(object));
  informer.on('add', changed);
  informer.on('update', changed);
  informer.on('error', (error) => {
    console.error('watch failed, listing again', error.message);
    setTimeout(() => void informer.start(), 1000);
  });
  await informer.start();
  return informer;
}

await installDefinition();
await serveWebhook();
const apps = config.makeApiClient(k8s.AppsV1Api);
const busy = new Map();
let known;
/** One at a time for each website; what fails is tried again. */
const wanted = (key) => {
  if (key === undefined) return;
  const work = (busy.get(key) ?? Promise.resolve()).then(async () => {
    const [namespace, name] = key.split('/');
    const website = known?.get(name, namespace);
    if (website) await reconcile(website);
  }).catch((error) => {
    console.error(`${key}: ${error.message}`);
    setTimeout(() => wanted(key), 1000);
  });
  busy.set(key, work);
};
const keyOf = ({ metadata }) => `${metadata.namespace}/${metadata.name}`;
known = await follow(`/apis/${GROUP}/v1/websites`, () => websites.listClusterCustomObject({ group: GROUP, version: 'v1', plural: 'websites' }), keyOf, wanted);
for (const website of known.list()) wanted(keyOf(website));
await follow('/apis/apps/v1/deployments', () => apps.listDeploymentForAllNamespaces({ labelSelector: 'website' }), (object) => (object.metadata.labels?.website === undefined ? undefined : keyOf(object)), wanted);
console.log('website-operator is ready');

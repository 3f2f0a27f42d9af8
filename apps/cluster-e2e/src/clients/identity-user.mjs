// Runs inside a container of the cluster, given to `node -` there: tries what the certificate that it finds is good for, and prints what came of it as JSON.
// Arguments: certificate, key, CA, and a JSON file's text with what to try.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createUser } from '@nats-io/jwt';
import { identityv1, nodev1, objectv1 } from '@navarch/proto';
import { connect, toApiError } from '@navarch/rpc';
import { connect as connectNats, jwtAuthenticator } from 'nats';

const [cert, key, ca, attempts] = process.argv.slice(2);
const tls = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
const { rest = [], objects = [], snapshots = [], nodeServices = [], listen = [], say = [], until, times = 1 } = JSON.parse(attempts);

const ask = ({ method, path, body, contentType = 'application/json', host = 'control-plane', port = 6443 }) => new Promise((resolve, reject) => {
  const call = request({ host, port, method, path, ...tls, headers: { 'Content-Type': contentType }, agent: false }, (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode));
  });
  call.on('error', reject);
  call.end(body === undefined ? undefined : JSON.stringify(body));
});

const codeOf = async (work) => {
  try {
    await work();
    return 200;
  } catch (error) {
    return toApiError(error).code;
  }
};

const inTurn = async (list, work) => {
  const results = [];
  for (const one of list) results.push(await work(one));
  return results;
};

const channel = connect({ address: 'control-plane:6444', tls });
const service = channel.client(objectv1.ObjectServiceService);
const snapshot = async ({ resource, node = '', fieldSelector = '' }) => {
  for await (const frame of service.snapshot({ class: { resource, node }, namespace: '', labelSelector: '', fieldSelector, notOlderThan: 0n })) if (frame.epoch === '') throw new Error('a frame without an epoch');
};

/** What a node's own service says to each question that needs no stream. */
const nodeService = async ({ address, container }) => {
  const connection = connect({ address, tls });
  const node = connection.client(nodev1.NodeServiceService);
  const logs = async () => {
    for await (const { data } of node.logs(nodev1.LogsRequest.fromPartial({ container }))) if (data === undefined) throw new Error('a frame without data');
  };
  const codes = [await codeOf(() => node.stats({})), await codeOf(logs)];
  connection.close();
  return codes;
};

const user = createUser();
const { jwt, inboxPrefix, servers } = await channel.client(identityv1.IdentityServiceService).issueBusCredentials({ userPublicKey: user.getPublicKey(), nodes: [] });
const bus = await connectNats({ servers, authenticator: jwtAuthenticator(jwt, user.getSeed()), inboxPrefix, reconnect: false, tls: { ca: tls.ca.toString() } });
const forbidden = new Set();
const heard = [];
let marks = 0;
void (async () => {
  for await (const { permissionContext } of bus.status()) if (permissionContext) forbidden.add(`${permissionContext.operation} ${permissionContext.subject}`);
})();
let enough;
const done = new Promise((resolve) => (enough = resolve));
const take = (error, message) => {
  if (error) return;
  heard.push({ subject: message.subject, data: Buffer.from(message.data).toString('latin1') });
  if (until !== undefined && message.subject.includes(until) && ++marks === times) enough();
};
for (const subject of listen) bus.subscribe(subject, { callback: take });
for (const subject of say) bus.publish(subject, 'x');
// Refusals come on the same connection: what was asked last is answered last, and told of a turn later.
for (let trip = 0; trip < 3; trip++) await bus.flush();
if (until !== undefined) await done;
const result = {
  rest: await inTurn(rest, ask),
  objects: await inTurn(objects, ({ resource, namespace, name }) => codeOf(() => service.get({ key: { resource, namespace, name }, subresource: '', notOlderThan: 0n }))),
  snapshots: await inTurn(snapshots, (one) => codeOf(() => snapshot(one))),
  nodeServices: await inTurn(nodeServices, nodeService),
  forbidden: [...forbidden],
  heard,
};
await bus.close();
channel.close();
process.stdout.write(JSON.stringify(result));

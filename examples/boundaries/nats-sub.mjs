// What crosses NATS on a subject, decoded: as `nats sub` would show it, with credentials got as any component gets them.
//   node examples/boundaries/nats-sub.mjs 'change.core.pods.>' 127.0.0.1:6444 .navarch/navarch/pki
// Subjects: proto/navarch/change/v1/change.proto. It ends after --count messages, or with Ctrl-C.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { createUser } from '@nats-io/nkeys';
import { connect } from 'nats';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { count: { type: 'string' } } });
const [subject = 'change.>', address = '127.0.0.1:6444', pki = '.navarch/navarch/pki'] = positionals;
const read = (file) => readFileSync(join(pki, file));
const contracts = loadFileDescriptorSetFromBuffer(readFileSync(join(import.meta.dirname, '../../libs/proto/descriptors.binpb')), { longs: Number, enums: String, defaults: true });
const { navarch } = loadPackageDefinition(contracts);

// The key never leaves this process: the apiserver signs what the holder of this client certificate may do with it.
const key = createUser();
const identity = new navarch.identity.v1.IdentityService(address, credentials.createSsl(read('ca.crt'), read('admin.key'), read('admin.crt')));
const { jwt, servers, inbox_prefix: inboxPrefix } = await new Promise((resolve, reject) => {
  identity.IssueBusCredentials({ user_public_key: key.getPublicKey() }, (error, answer) => (error ? reject(error) : resolve(answer)));
});
const nats = await connect({
  servers, inboxPrefix, tls: { ca: read('ca.crt').toString() },
  authenticator: (nonce) => ({ jwt, nkey: key.getPublicKey(), sig: Buffer.from(key.sign(Buffer.from(nonce))).toString('base64url') }),
});

const messages = { change: 'Change', bookmark: 'Change', heartbeat: 'Heartbeat', usage: 'Usage' };
const decode = (subject, data) => contracts[`navarch.change.v1.${messages[subject.split('.')[0]]}`].deserialize(data);
const subscription = nats.subscribe(subject, values.count === undefined ? {} : { max: Number(values.count) });
process.once('SIGINT', () => subscription.unsubscribe());
try {
  for await (const message of subscription) {
    const { body, ...rest } = decode(message.subject, message.data);
    console.log(`${message.subject} ${message.data.length} B ${JSON.stringify(rest)}${body?.length > 0 ? ` ${body}` : ''}`);
  }
} catch (error) {
  console.error(error.message); // such as a subject that this identity may not hear
  process.exitCode = 1;
}
await nats.close();
identity.close();

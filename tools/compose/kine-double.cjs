// Serves the double of kine by the flags that kine has, as far as examples/swap/store uses them: what a stand-in for its image runs. Its rows are in memory.
const { readFileSync } = require('node:fs');
const { parseArgs } = require('node:util');
const { ServerCredentials } = require('@grpc/grpc-js');
const { KineDouble } = require('./kine/kine-double.js');

const text = { type: 'string' };
const { values } = parseArgs({ options: { 'listen-address': text, endpoint: text, 'server-cert-file': text, 'server-key-file': text, 'metrics-bind-address': text } });
// As kine: nobody is asked for a certificate.
const serverCredentials = ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(values['server-cert-file']), private_key: readFileSync(values['server-key-file']) }], false);
const kine = new KineDouble();
process.once('SIGTERM', () => {
  kine.stop();
  process.exit(0);
});
kine.start({ address: values['listen-address'], serverCredentials }).then(() => console.log('serving'), (error) => {
  console.error(error);
  process.exit(1);
});

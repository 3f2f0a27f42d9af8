// Lists what `npm run` offers here.
const rows = [
  ['npm run up', 'start a cluster (-- --nodes N, --runtime simulated, --name N, --api-port P, --flag PROCESS:--F=V)'],
  ['npm run down', 'stop it and keep its state (-- --purge removes it)'],
  ['npm run status', 'every process, port and health'],
  ['npm run nodes -- --count N', 'add simulated nodes, all in one process, to a cluster that runs, until ctrl-C'],
  ['npm run doctor', 'what is missing or broken, and how to mend it'],
  ['npm run image:load -- FILE.tar', 'load an OCI or docker save archive on all nodes; registries: docs/registries.md'],
  ['npm run tap -- apiserver', 'print, decoded, what crosses a process\'s boundaries now (also: changes, snapshot RESOURCE)'],
  ['npm run contract -- scheduler-plugin --target A', 'try any implementation of a contract (also: object-service, object-client, cri-runtime, data-plane, node-service)'],
  ['npm run compose:e2e', 'build, start, walk through and break the cluster of docker-compose.yml'],
  ['npm test', 'all that CI runs (-- --ring unit|int|root|e2e|compose|static for one ring)'],
  ['npm run bench', 'measure, print a table, write JSON'],
  ['npm run check -- libs/x', 'typecheck, lint and unit tests of one package'],
  ['npm run build', 'compile everything; `up` and `bench` do it themselves'],
  ['npm run generate', 'regenerate code from proto/ and the API tables'],
  ['npm run new-package -- libs/x type:infra', 'the skeleton of a package'],
];
for (const [command, what] of rows) console.log(`  ${command.padEnd(44)} ${what}`);

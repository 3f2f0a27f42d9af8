import { join } from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { contractComponents, type ContractComponent } from './contract-components';
import { ipFamilies, type IpFamily } from './cluster/families';
import { defaultCluster } from './cluster/layout';
import { bundleNames, isBundleName } from './pki/identity-bundles';
import type { Bundle, Owner } from './commands/pki';
import type { RuntimeKind } from './cluster/settings';

const root = join(__dirname, '..', '..', '..');

const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
};
const clusterName = (text: string): string => {
  if (!/^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/.test(text)) throw new InvalidArgumentError('lower-case letters, digits and dashes, at most 20');
  return text;
};
// Each command loads only what it needs: the supervisor stays in memory, and `up` is waited for.
const named = (): Option => new Option('--name <cluster>', 'which cluster').default(defaultCluster).argParser(clusterName);
const collect = (value: string, all: string[]): string[] => [...all, value];

const collectBundle = (value: string, all: Bundle[]): Bundle[] => {
  const [, name = '', directory = '', owner = '0'] = /^([a-z-]+)=([^:]+)(?::(\d+))?$/.exec(value) ?? [];
  if (!isBundleName(name)) throw new InvalidArgumentError(`${JSON.stringify(value)} is not what=directory[:uid]`);
  return [...all, { name, directory, owner: Number(owner) }];
};

const collectOwner = (value: string, all: Owner[]): Owner[] => {
  const [, directory, owner] = /^([^:]+):(\d+)$/.exec(value) ?? [];
  if (directory === undefined) throw new InvalidArgumentError(`${JSON.stringify(value)} is not directory:uid`);
  return [...all, { directory, owner: Number(owner) }];
};

interface Named {
  readonly name: string;
}

const program = new Command('navarch').description('Runs local Navarch clusters.').showHelpAfterError();
program.command('up').description('start a cluster')
  .addOption(named())
  .option('--nodes <count>', 'how many nodes (2)', whole)
  .addOption(new Option('--runtime <kind>', 'real containers, or simulated ones').choices(['containerd', 'simulated']))
  .option('--api-port <port>', 'port of the API (6443)', whole)
  .addOption(new Option('--ip-family <family>', 'addresses of nodes, pods and Services: of IPv4, or of both families (ipv4)').choices(ipFamilies))
  .option('--flag <process:--flag=value>', 'one more flag for a process; repeatable', collect, [])
  .action(async (options: Named & { nodes?: number; runtime?: RuntimeKind; apiPort?: number; ipFamily?: IpFamily; flag: string[] }) => {
    const { up } = await import('./commands/up.js');
    const { name, nodes, runtime, apiPort, ipFamily, flag } = options;
    await up({
      cluster: name,
      flags: flag,
      root,
      ...(nodes !== undefined ? { nodes } : {}),
      ...(runtime ? { runtime } : {}),
      ...(apiPort !== undefined ? { apiPort } : {}),
      ...(ipFamily ? { ipFamily } : {}),
    });
  });
program.command('down').description('stop a cluster and keep its state')
  .addOption(named())
  .option('--purge', 'remove its state and undo what was changed on the host', false)
  .action(async (options: Named & { purge: boolean }) => (await import('./commands/down.js')).down(options.name, { purge: options.purge }));
program.command('status').description('every process, port and health').addOption(named())
  .action(async (options: Named) => {
    const { status } = await import('./commands/status.js');
    process.exitCode = (await status(options.name)) ? 0 : 1;
  });
program.command('doctor').description('what is missing or broken').addOption(named())
  .action(async (options: Named) => {
    const { doctor } = await import('./commands/doctor.js');
    process.exitCode = (await doctor(options.name, root)) ? 0 : 1;
  });
program.command('image-load').description('load an OCI or docker archive on all nodes').argument('<file.tar>').addOption(named())
  .action(async (file: string, options: Named) => (await import('./commands/image-load.js')).imageLoad(options.name, file));
/** Who looks into a cluster that this launcher does not run says where it is. */
interface Anywhere extends Named {
  readonly apiserver?: string;
  readonly pki: string;
}
const anywhere = (command: Command): Command => command.addOption(named())
  .addOption(new Option('--apiserver <host:port>', 'gRPC address of the apiserver of a cluster that is not run by this launcher').env('NAVARCH_APISERVER'))
  .option('--pki <dir>', 'where the admin bundle of `pki` is, with --apiserver', '/pki');
const clusterOf = ({ name, apiserver, pki }: Anywhere): { name: string } | { apiserver: string; pki: string } => (apiserver === undefined ? { name } : { apiserver, pki });

const tap = program.command('tap').description('print, decoded, what crosses a boundary now');
tap
  .command('process', { isDefault: true })
  .description('all that one process sends and receives by gRPC, NATS and REST')
  .argument('<process>', 'such as apiserver, scheduler, kubelet@node-1')
  .addOption(named())
  .action(async (process_: string, options: Named) => {
    const { tapProcess } = await import('./commands/tap-process.js');
    process.exitCode = await tapProcess(options.name, process_, root);
  });
anywhere(tap.command('changes').description('what the apiserver publishes on NATS').argument('[resource]', 'such as pods'))
  .option('--bookmarks', 'show bookmarks too', false)
  .action(async (resource: string | undefined, options: Anywhere & { bookmarks: boolean }) => (await import('./commands/tap.js')).tapChanges(clusterOf(options), resource, options.bookmarks));
anywhere(tap.command('snapshot').description('what a component gets when it starts to follow a resource').argument('<resource>'))
  .action(async (resource: string, options: Anywhere) => (await import('./commands/tap.js')).tapSnapshot(clusterOf(options), resource));
anywhere(program.command('contract').description('try an implementation of a contract from outside'))
  .addArgument(new Argument('<component>', 'whose contract').choices(contractComponents))
  .option('--target <address>', 'host:port or unix:///path; the cluster\'s own unless given; for object-client: where the kit is to serve it')
  .option('--server-name <name>', 'name in the target\'s certificate; the target\'s host unless given')
  .option('--ca <file>', 'CA of the target').option('--cert <file>', 'certificate to ask with').option('--key <file>', 'its key')
  .option('--offers <ability>', 'what the target can do besides: traffic, addresses, events, ports, pulls, host-network, writes; repeatable', collect, [])
  .option('--image <name>', 'an image that a runtime has', 'navarch.local/web:1')
  .option('--pulled-image <name>', 'an image that a runtime has not, and can pull, with --offers pulls')
  .option('--container <namespace/pod/container>', 'a running container of the node')
  .option('--objects <file>', 'what an object client finds: a list as JSON, at whose last object\'s kind it writes something')
  .action(async (component: ContractComponent, options: Anywhere & { target?: string; serverName?: string; ca?: string; cert?: string; key?: string; offers: string[]; image: string; pulledImage?: string; container?: string; objects?: string }) => {
    const { contract } = await import('./commands/contract.js');
    const { target, serverName, ca, cert, key, offers, image, pulledImage, container, objects } = options;
    const complete = ca !== undefined && cert !== undefined && key !== undefined;
    if (!complete && (ca ?? cert ?? key) !== undefined) throw new Error('--ca, --cert and --key belong together: give all three, or none');
    const tls = complete ? { tls: { caFile: ca, certFile: cert, keyFile: key } } : {};
    const holds = await contract(component, {
      cluster: clusterOf(options),
      offers,
      image,
      ...tls,
      ...(target !== undefined ? { target } : {}),
      ...(serverName !== undefined ? { serverName } : {}),
      ...(pulledImage !== undefined ? { pulledImage } : {}),
      ...(container !== undefined ? { container } : {}),
      ...(objects !== undefined ? { objects } : {}),
    });
    process.exitCode = holds ? 0 : 1;
  });
program.command('pki').description('make keys and certificates for a cluster that is not run by this launcher')
  .requiredOption('--directory <dir>')
  .option('--host <name>', 'name or address of a service; repeatable', collect, [])
  .option('--node <name>', 'node to make a certificate for; repeatable', collect, [])
  .option('--nats-cluster <name>', 'several NATS servers form a cluster of this name')
  .option('--give <what=directory[:uid]>', `what a part needs, to a directory of its own; repeatable: ${bundleNames.join(', ')}`, collectBundle, [])
  .option('--own <directory:uid>', 'give a directory, with all in it, to a user; repeatable', collectOwner, [])
  .option('--server <url>', 'the API, as nodes reach it', 'https://127.0.0.1:6443')
  .option('--mounted-at <dir>', 'where those who get a directory find it', '/pki')
  .action(async (options: { directory: string; host: string[]; node: string[]; natsCluster?: string; give: Bundle[]; own: Owner[]; mountedAt: string; server: string }) => {
    const { pki } = await import('./commands/pki.js');
    const { directory, host, node, natsCluster, give, own, mountedAt, server } = options;
    await pki({ directory, hosts: host, nodes: node, bundles: give, owners: own, mountedAt, server, ...(natsCluster !== undefined ? { natsCluster } : {}) });
  });
program.command('kubeconfig').description('print the administrator\'s kubeconfig')
  .requiredOption('--directory <dir>', 'where `pki` wrote')
  .requiredOption('--server <url>')
  .action(async (options: { directory: string; server: string }) => (await import('./commands/pki.js')).printKubeconfig(options.directory, options.server));
program.command('bootstrap').description('let nodes join: make the bootstrap token known to a cluster, and what it may do')
  .requiredOption('--apiserver <host:port>', 'gRPC address of the apiserver')
  .requiredOption('--server <url>', 'where nodes and their tools reach the API')
  .option('--pki <dir>', 'where the admin bundle of `pki` is', '/pki')
  .action(async ({ apiserver, server, pki }: { apiserver: string; server: string; pki: string }) => {
    const { bootstrapFrom } = await import('./commands/bootstrap.js');
    await bootstrapFrom(pki, { apiserver, server });
    process.stdout.write('nodes can join\n');
  });
program.command('node').description('run one node of a cluster whose control plane is elsewhere')
  .requiredOption('--apiserver <host:port>', 'gRPC address of the apiserver')
  .option('--node-name <name>', 'name of the node; the host\'s unless given')
  .addOption(new Option('--runtime <kind>', 'real containers, or simulated ones').choices(['containerd', 'simulated']).default('containerd'))
  .option('--pki <dir>', 'where the node bundle of `pki` is', '/pki')
  .option('--data <dir>', 'what outlives this process', '/var/lib/navarch')
  .addOption(new Option('--cluster-cidr <cidr>', 'pod addresses of the cluster; one range of each family, comma-separated').default('10.244.0.0/16').env('NAVARCH_CLUSTER_CIDR'))
  .addOption(new Option('--ip-family <family>', 'addresses of this node: of IPv4, or of both families').choices(ipFamilies).default('ipv4').env('NAVARCH_IP_FAMILY'))
  .option('--without <process>', 'a process that somebody else runs; repeatable', collect, [])
  .action(async (options: { apiserver: string; nodeName?: string; runtime: RuntimeKind; pki: string; data: string; clusterCidr: string; ipFamily: IpFamily; without: string[] }) => {
    const { node } = await import('./commands/node.js');
    const { nodeName, clusterCidr, ...rest } = options;
    await node({ root, podCidr: clusterCidr, ...rest, ...(nodeName !== undefined ? { name: nodeName } : {}) });
  });
anywhere(program.command('nodes').description('add simulated nodes to a cluster, many in one process, until this is told to stop'))
  .requiredOption('--count <count>', 'how many nodes', whole)
  .option('--node-name-prefix <prefix>', 'what their names begin with', 'simulated-')
  .option('--healthz-port <port>', 'where their kubelets answer for their health', whole, 19_280)
  .action(async (options: Anywhere & { count: number; nodeNamePrefix: string; healthzPort: number }) => {
    const { nodes } = await import('./commands/nodes.js');
    const { count, nodeNamePrefix, healthzPort } = options;
    await nodes({ root, cluster: clusterOf(options), count, prefix: nodeNamePrefix, healthzPort });
  });
program.command('supervise', { hidden: true }).addOption(named()).requiredOption('--plan <file>')
  .action(async (options: Named & { plan: string }) => (await import('./commands/supervise.js')).supervise(options.name, options.plan));

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

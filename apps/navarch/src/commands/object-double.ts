import { readFileSync } from 'node:fs';
import { silentLogger } from '@navarch/component-base';
import { ObjectServiceDouble, type Kept, type ObjectClientSubject } from '@navarch/contract-kit';
import { objectv1 } from '@navarch/proto';
import { RpcServer, type RpcTls } from '@navarch/rpc';

export interface ObjectDoubleOptions {
  /** Where to serve. */
  readonly address: string;
  /** As what; plain unless given. */
  readonly tls?: RpcTls;
  readonly objects?: string;
}

/** A person starts the client. */
const startsWithinMs = 10 * 60_000;
const patienceMs = 5_000;
const comesWithinMs = 40_000;

/** What a scheduler finds work in: a node, and pods that ask for it. */
const schedulable: readonly Kept[] = [
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'contract' },
    spec: {},
    status: {
      allocatable: { cpu: '1000', memory: '1000Gi', pods: '1000' },
      capacity: { cpu: '1000', memory: '1000Gi', pods: '1000' },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'contract', namespace: 'default' },
    spec: { schedulerName: 'tiny', containers: [{ name: 'c', image: 'contract' }] },
    status: { phase: 'Pending' },
  },
];

/** Objects of a file: a list of Kubernetes, or a plain array. @throws Error when it holds none */
function objectsIn(file: string): readonly Kept[] {
  const content = JSON.parse(readFileSync(file, 'utf8')) as readonly Kept[] | { readonly items?: readonly Kept[] };
  const objects = 'length' in content ? content : (content.items ?? []);
  if (objects.length === 0) throw new Error(`${file} holds no objects: a list, or an array, is wanted`);
  return objects;
}

/** Serves a double of the object service, waits for a client, and has it tried. @throws Error when none comes */
export async function withObjectDouble<T>({ address, tls, objects: file }: ObjectDoubleOptions, use: (subject: ObjectClientSubject) => Promise<T>): Promise<T> {
  const objects = file === undefined ? schedulable : objectsIn(file);
  const stimulus = objects.at(-1) as Kept;
  const double = new ObjectServiceDouble(objects);
  const server = new RpcServer({ address, drainMs: 100, ...(tls === undefined ? {} : { tls }) }, { log: silentLogger }).add(objectv1.ObjectServiceService, double.handlers);
  await server.start();
  try {
    process.stdout.write(`start your client now, and let it run: the object service that it is to use is ${address}\n`);
    if (!(await double.until(() => double.reads.length > 0, startsWithinMs))) throw new Error(`nobody has asked for anything at ${address} within ${startsWithinMs / 60_000} minutes`);
    return await use({ double, stimulus, patienceMs, comesWithinMs });
  } finally {
    await server.stop();
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComposeCluster } from './compose-cluster';
import { must } from './shell';
import { root } from './cluster';

interface Resource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** What to try with somebody's certificate. */
export interface Attempts {
  readonly rest?: readonly {
    readonly method: string;
    readonly path: string;
    readonly body?: unknown;
    readonly contentType?: string;
    /** The API unless given. */ readonly host?: string;
    readonly port?: number;
  }[];
  /** By gRPC. */
  readonly objects?: readonly { readonly resource: Resource; readonly namespace: string; readonly name: string }[];
  /** By gRPC. */
  readonly snapshots?: readonly { readonly resource: Resource; readonly node?: string; readonly fieldSelector?: string }[];
  /** Node services by their addresses, each asked for usage and for the log of a container. */
  readonly nodeServices?: readonly { readonly address: string; readonly container: object }[];
  /** Subjects of NATS to subscribe to. */
  readonly listen?: readonly string[];
  /** Subjects of NATS to publish to. */
  readonly say?: readonly string[];
  /** Goes on listening until so many messages of a subject with this in it. */
  readonly until?: string;
  readonly times?: number;
}

/** What came of it: status codes in the attempts' order, and what NATS forbade. */
export interface Outcomes {
  readonly rest: readonly number[];
  readonly objects: readonly number[];
  readonly snapshots: readonly number[];
  readonly nodeServices: readonly (readonly number[])[];
  /** Such as `subscription change.>`. */
  readonly forbidden: readonly string[];
  readonly heard: readonly { readonly subject: string; readonly data: string }[];
}

export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const script = readFileSync(join(root, 'apps/cluster-e2e/src/clients/identity-user.mjs'), 'utf8');

/** Uses an identity where a thief would find it: in the container that holds it, whose network reaches every door of the cluster. */
export async function useIdentity(cluster: ComposeCluster, service: string, { cert, key, ca }: Identity, attempts: Attempts): Promise<Outcomes> {
  const command = ['exec', '-i', '--workdir', '/navarch', await cluster.container(service), 'node', '--input-type=module', '-', cert, key, ca, JSON.stringify(attempts)];
  const printed = await must('docker', command, { timeoutMs: 120_000, input: script });
  return JSON.parse(printed) as Outcomes;
}

import { type ApiClient, type InformerFactory } from '@navarch/client';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type CgroupTree } from './cgroups/cgroup-tree';
import { type Levels } from './eviction/pressure';
import { type EventSink } from './events/event-sink';
import { type CredentialProviders } from './images/credential-providers';
import { type KubeletMetrics } from './kubelet-metrics';
import { type ContainerRuntime } from './runtime';
import { type RuntimeEventSource } from './runtime/events/runtime-event-source';
import { type Mounter } from './volumes/mounter';

/** What a kubelet needs of the world. */
export interface KubeletDeps {
  readonly client: ApiClient;
  readonly informers: InformerFactory;
  readonly runtime: ContainerRuntime;
  /** How changes in the runtime are told besides CRI's events; lists are under all of them. */
  readonly runtimeEvents?: readonly RuntimeEventSource[];
  readonly events: EventSink;
  readonly mounter: Mounter;
  /** Programs that know credentials for images. */
  readonly credentialProviders?: CredentialProviders;
  /** Undefined: no control groups of its own. */
  readonly cgroups: CgroupTree | undefined;
  readonly metrics: KubeletMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is left of the node; looks itself when not given. */
  readonly levels?: () => Promise<Levels>;
  /** Says over the bus that this node lives; may be lost. */
  readonly heartbeat?: (node: string, nowMs: number) => void;
  /** Ends the process: something that must not fail did. */
  readonly onCrash: (error: unknown) => void;
}

import { core, type corev1 } from '@navarch/api';
import type { ControllerContext } from '../../context';
import type { RunningController } from '../../running-controller';
import { replicatedController } from '../replicaset/controller';
import type { ReplicatedKind } from '../replicaset/replicated-kind';

/** A ReplicationController is an older ReplicaSet: its selector is plain labels, those of its template unless given. */
export const replicationControllers: ReplicatedKind<corev1.ReplicationController> = {
  name: 'replicationmanager',
  component: 'replication-controller',
  type: core.replicationcontrollers,
  asReplicaSet({ metadata, spec, status }) {
    const { selector = spec?.template?.metadata?.labels ?? {}, ...rest } = spec ?? {};
    return { metadata, spec: { ...rest, selector: { matchLabels: selector } }, ...(status === undefined ? {} : { status }) };
  },
  withStatus(controller, status) {
    // It does not count the pods that are on their way out; a ReplicaSet does.
    const own = { ...status };
    delete own.terminatingReplicas;
    return { ...controller, status: own };
  },
  workers: ({ concurrentRcSyncs }) => concurrentRcSyncs,
};

export const replicationController = (context: ControllerContext): RunningController => replicatedController(replicationControllers, context);

import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { isAlreadyExists, isNotFound, statusCause } from '@navarch/apimachinery';
import { after, claimObjects, controllerNamed, controllerOf, done, sameTemplate, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { byController, candidatesOf, controlledBy } from '../../indexes';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeOwner, wakeSelf } from '../../wake-owner';
import { condition, setCondition } from './conditions';
import { progressDeadline } from './limits';
import { Rollout, type Action, type Observed } from './rollout';
import { planDeployment } from './sync';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;

/** Keeps Deployments: reads caches, asks `planDeployment`, does what it says. */
export class DeploymentReconciler implements Reconciler {
  readonly name = 'deployment';
  readonly deployments: ObjectSource<Deployment>;
  readonly replicaSets: ObjectSource<ReplicaSet>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('deployment-controller', context);
    this.deployments = context.sources.informer(apps.deployments);
    this.replicaSets = context.sources.informer(apps.replicasets, { indexes: byController });
    this.pods = context.sources.informer(core.pods, { indexes: byController });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const deployment = this.deployments.get(key);
    if (deployment === undefined) return done;
    const replicaSets = await claimObjects(this.#context.api, {
      type: apps.replicasets, candidates: candidatesOf(this.replicaSets, deployment), ownerType: apps.deployments, owner: deployment, selector: deployment.spec?.selector,
    }, signal);
    const pods = new Map(replicaSets.map((replicaSet) => [replicaSet.metadata.uid ?? '', controlledBy(this.pods, replicaSet)]));
    const observed: Observed = { deployment, replicaSets, pods, nowMs: this.#context.clock.now() };
    const plan = planDeployment(observed);
    for (const action of plan.actions) await this.#carryOut(action, observed, signal);
    return after(plan.againAfterMs);
  }

  async #carryOut(action: Action, observed: Observed, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    const { deployment } = observed;
    switch (action.kind) {
      case 'createReplicaSet':
        await this.#create(action.replicaSet, observed, signal);
        break;
      case 'updateReplicaSet':
        await api.update(apps.replicasets, action.replicaSet, { signal });
        break;
      case 'deleteReplicaSet': {
        const { namespace = '', name = '', uid } = action.replicaSet.metadata;
        await api.delete(apps.replicasets, { namespace, name }, { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
        return;
      }
      case 'updateStatus':
        await this.#updateStatus(action.deployment, signal);
        return;
      case 'event':
        break;
    }
    if (action.event !== undefined) this.#events.event({ ...deployment, apiVersion: 'apps/v1', kind: 'Deployment' }, action.event.type, action.event.reason, action.event.message);
  }

  async #create(replicaSet: ReplicaSet, observed: Observed, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.api.create(apps.replicasets, replicaSet, { signal });
    } catch (error) {
      if (isAlreadyExists(error)) await this.#onNameTaken(replicaSet, observed.deployment, error, signal);
      else if (statusCause(error, 'NamespaceTerminating') === undefined) await this.#onCreateFailed(replicaSet, observed, error, signal);
      throw error;
    }
  }

  /** Made by ourselves and not seen yet: the next try will see it. Another's: the hash must become another. */
  async #onNameTaken(wanted: ReplicaSet, deployment: Deployment, error: unknown, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '' } = wanted.metadata;
    const taken = await this.#context.api.get(apps.replicasets, { namespace, name }, { signal });
    if (controllerOf(taken)?.uid === deployment.metadata.uid && sameTemplate(taken.spec?.template, wanted.spec?.template)) return;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    this.#context.log.debug({ deployment: `${namespace}/${deployment.metadata.name ?? ''}`, collisionCount, err: error }, 'hash collision: another name is tried');
    await this.#updateStatus({ ...deployment, status: { ...deployment.status, collisionCount } }, signal);
  }

  async #onCreateFailed(replicaSet: ReplicaSet, observed: Observed, error: unknown, signal: AbortSignal): Promise<void> {
    const { deployment } = observed;
    const message = `Failed to create new replica set "${replicaSet.metadata.name ?? ''}": ${error instanceof Error ? error.message : String(error)}`;
    this.#events.event({ ...deployment, apiVersion: 'apps/v1', kind: 'Deployment' }, 'Warning', 'ReplicaSetCreateError', message);
    if (progressDeadline(deployment) === undefined) return;
    const { conditions, now } = new Rollout(observed);
    const failed = setCondition(conditions, condition('Progressing', 'False', 'ReplicaSetCreateError', message, now));
    await this.#updateStatus({ ...deployment, status: { ...deployment.status, conditions: failed } }, signal);
  }

  async #updateStatus(deployment: Deployment, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    const updated = await api.updateStatus(apps.deployments, deployment, { signal });
    const wanted = deployment.metadata.annotations ?? {};
    // Upstream's status update takes annotations too; a server that does not gets them by a patch.
    const missing = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => updated.metadata.annotations?.[name] !== value));
    if (Object.keys(missing).length === 0) return;
    const { namespace = '', name = '' } = deployment.metadata;
    await api.patch(apps.deployments, { namespace, name }, 'merge', { metadata: { annotations: missing } }, { signal });
  }
}

export function deploymentController(context: ControllerContext): RunningController {
  const reconciler = new DeploymentReconciler(context);
  const { deployments, replicaSets, pods } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentDeploymentSyncs,
    reads: [read(deployments), read(replicaSets), read(pods)],
    watch: (controller) => [
      wakeSelf(deployments, controller),
      wakeOwner({ dependents: replicaSets, owners: deployments, ownerType: apps.deployments, controller }),
      // A Recreate waits for the last old pod to be gone.
      pods.addHandler({
        onDelete: (pod) => {
          const owner = controllerNamed(pod, apps.replicasets);
          const replicaSet = owner && replicaSets.get({ namespace: pod.metadata.namespace ?? '', name: owner.name });
          const above = replicaSet && controllerNamed(replicaSet, apps.deployments);
          if (above !== undefined) controller.enqueue({ namespace: pod.metadata.namespace ?? '', name: above.name });
        },
      }),
    ],
  }, context);
}

import { batch, core, type batchv1, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { controllerNamed, done, keyOfObject, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { controlledBy } from '../../indexes';
import { read, runningController, type RunningController } from '../../running-controller';
import { isFinished } from './conditions';
import { isTracked, managedElsewhere, TRACKING } from './job-pod';

interface JobSources {
  readonly jobs: ObjectSource<batchv1.Job>;
  readonly pods: ObjectSource<corev1.Pod>;
}

/** Lets pods go that wait to be counted by a Job that is gone, over, or no longer theirs. */
class OrphanPodReconciler implements Reconciler {
  readonly name = 'job_orphan_pod';
  readonly #sources: JobSources;
  readonly #context: ControllerContext;

  constructor(sources: JobSources, context: ControllerContext) {
    this.#sources = sources;
    this.#context = context;
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const pod = this.#sources.pods.get(key);
    if (pod === undefined || !isTracked(pod) || (await this.#isCounted(pod, signal))) return done;
    const { uid, resourceVersion } = pod.metadata;
    const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING);
    await this.#context.api.patch(core.pods, key, 'merge', { metadata: { uid, resourceVersion, finalizers } }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    return done;
  }

  /** Whether there is a Job that will count it. The cache may be behind: the API itself says so. */
  async #isCounted(pod: corev1.Pod, signal: AbortSignal): Promise<boolean> {
    const owner = controllerNamed(pod, batch.jobs);
    if (owner === undefined) return false;
    try {
      const job = await this.#context.api.get(batch.jobs, { namespace: pod.metadata.namespace ?? '', name: owner.name }, { signal });
      // Who runs it elsewhere counts by itself, whatever it has said of the Job.
      return job.metadata.uid === owner.uid && (!isFinished(job) || managedElsewhere(job) !== undefined);
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}

export function orphanPodController(sources: JobSources, context: ControllerContext): RunningController {
  const { jobs, pods } = sources;
  return runningController({
    reconciler: new OrphanPodReconciler(sources, context),
    workers: 1,
    reads: [read(jobs), read(pods)],
    watch: (controller) => {
      const isOrphan = (pod: corev1.Pod): boolean => {
        const owner = controllerNamed(pod, batch.jobs);
        const job = owner && jobs.get({ namespace: pod.metadata.namespace ?? '', name: owner.name });
        return job === undefined || job.metadata.uid !== owner?.uid || isFinished(job);
      };
      const wake = (pod: corev1.Pod): void => {
        if (isTracked(pod) && isOrphan(pod)) controller.enqueue(keyOfObject(pod));
      };
      const wakeAll = (job: batchv1.Job): void => {
        for (const pod of controlledBy(pods, job)) wake(pod);
      };
      return [
        pods.addHandler({ onAdd: wake, onUpdate: (_, pod) => wake(pod) }),
        jobs.addHandler({
          onUpdate: (_, job) => {
            if (isFinished(job)) wakeAll(job);
          },
          onDelete: wakeAll,
        }),
      ];
    },
  }, context);
}

import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { errorText } from '../error-text';
import { ContainerStartError } from '../pods/action-error';
import { runHook, type HookDeps, type HookTarget } from './lifecycle-hooks';

/** The shortest time a container has between being asked to end and being ended. */
const minimumGraceSeconds = 2;

/** Whole seconds that a container has to end by itself, of the milliseconds that are left. */
export const graceLeft = (leftMs: number): number => Math.max(minimumGraceSeconds, Math.ceil(leftMs / 1000));

/** Asked anew each time: it may be aborted during any wait. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

export interface ContainerHooksDeps extends HookDeps {
  readonly log: Logger;
}

/** What a container has done at its start and before its end, and what comes of a hook that fails. */
export class ContainerHooks {
  constructor(private readonly deps: ContainerHooksDeps) {}

  /** After a failure, ends the container as any is ended, its preStop hook before the signal, and throws a ContainerStartError; returns where the start was given up meanwhile. */
  async postStart(target: HookTarget, handler: corev1.LifecycleHandler, signal: AbortSignal): Promise<void> {
    const { runtime, events, clock } = this.deps;
    const { pod, container: { name, lifecycle }, containerId } = target;
    try {
      await runHook(handler, target, this.deps, signal);
    } catch (error) {
      if (isAborted(signal)) return;
      // The text may hold what a server answered: it goes to the status, not to the event.
      events.pod(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', name);
      events.pod(pod, 'Normal', 'Killing', 'FailedPostStartHook', name);
      const deadlineMs = clock.now() + (pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
      if (lifecycle?.preStop && deadlineMs > clock.now()) await this.preStop(target, lifecycle.preStop, deadlineMs, signal);
      // Whoever ends the pod meanwhile ends this container too.
      if (isAborted(signal)) return;
      await runtime.stopContainer(containerId, graceLeft(deadlineMs - clock.now()));
      throw new ContainerStartError('PostStartHookError', errorText(error), { cause: error });
    }
  }

  /** Until the deadline, in milliseconds of the clock; a failure is said, and the container ends all the same. */
  async preStop(target: HookTarget, handler: corev1.LifecycleHandler, deadlineMs: number, signal: AbortSignal): Promise<void> {
    const { clock, events, log } = this.deps;
    const { pod, container: { name } } = target;
    const over = new AbortController();
    const timer = clock.setTimeout(() => over.abort(new Error('grace period is over')), deadlineMs - clock.now());
    const until = AbortSignal.any([signal, over.signal]);
    try {
      await runHook(handler, target, this.deps, until);
    } catch (error) {
      log.debug({ err: error, pod, container: name }, 'preStop hook failed');
      if (!until.aborted) events.pod(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', name);
    } finally {
      timer.cancel();
    }
  }
}

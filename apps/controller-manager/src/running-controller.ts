import type { KubeObject } from '@navarch/api';
import { Controller, type ObjectSource, type Reconciler } from '@navarch/reconcile';
import type { ControllerContext } from './context';

/** A controller of the table: it starts when this process leads, and stops when it ends. */
export interface RunningController {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ControllerSetup {
  readonly reconciler: Reconciler;
  /** Workers; upstream's --concurrent-…-syncs. */
  readonly workers?: number;
  /** What it reads: it does not work before all of these are complete. */
  readonly reads: readonly ObjectSource<never>[];
  /** Makes changes enqueue keys; answers with functions that undo it. */
  readonly watch: (controller: Controller) => readonly (() => void)[];
}

/** For `reads`: sources of any kind. */
export const sources = (...all: ObjectSource<never>[]): ObjectSource<never>[] => all;

/** The source of one kind among those of others, which differ in their type only. */
export function read<T extends KubeObject>(source: ObjectSource<T>): ObjectSource<never> {
  return source as unknown as ObjectSource<never>;
}

/** Joins a reconciler, what it reads and what wakes it. */
export function runningController(setup: ControllerSetup, { clock, log, queueMetrics, onOutcome }: ControllerContext): RunningController {
  const controller = new Controller(setup.workers === undefined ? {} : { workers: setup.workers }, { reconciler: setup.reconciler, clock, log, queueMetrics, onOutcome });
  const stopping = new AbortController();
  let undo: readonly (() => void)[] = [];
  return {
    name: controller.name,
    async start() {
      await Promise.all(setup.reads.map((source) => source.waitForSync(stopping.signal)));
      undo = setup.watch(controller);
      await controller.start();
    },
    async stop() {
      stopping.abort(new Error(`${controller.name} stopped`));
      for (const forget of undo) forget();
      await controller.stop();
    },
  };
}

/** Controllers that are switched on and off as one, under the name of the first. */
export function together(first: RunningController, ...others: RunningController[]): RunningController {
  const all = [first, ...others];
  return {
    name: first.name,
    async start() {
      await Promise.all(all.map((controller) => controller.start()));
    },
    async stop() {
      await Promise.all(all.map((controller) => controller.stop()));
    },
  };
}

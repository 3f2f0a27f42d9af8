import { core, type corev1, type KubeObject } from '@navarch/api';
import { isMethodNotAllowed, isNotFound } from '@navarch/apimachinery';
import { after, canonicalJson, done, keyOfObject, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { ResourceTypes, type AnyResource } from '../../resource-types';
import { read, runningController, type RunningController } from '../../running-controller';
import { AggregatedContent } from './aggregated-content';
import { deletionConditions, discoveryFailure, type ContentFacts, type Remaining } from './conditions';
import { CONTENT_FINALIZER, countRemaining, deletionOrder, retryAfterMs, unexpectedItems } from './sync';

/** Time for all apiservers to have seen that the namespace is closing, and to let nothing more in. */
const CLOSING_MS = 1_000;
/** What comes by a watch of pods comes sooner than by waiting. */
const LONGEST_WAIT_MS = 5_000;

/** Empties namespaces that are being deleted, then lets them go. */
export class NamespaceReconciler implements Reconciler {
  readonly name = 'namespace';
  readonly namespaces: ObjectSource<corev1.Namespace>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly types: ResourceTypes;
  readonly aggregated: AggregatedContent;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.namespaces = context.sources.informer(core.namespaces);
    this.pods = context.sources.informer(core.pods);
    this.types = new ResourceTypes(context.sources);
    this.aggregated = new AggregatedContent(context.sources, context.rest);
  }

  async reconcile({ name }: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api } = this.#context;
    const namespace = await api.get(core.namespaces, { namespace: '', name }, { signal }).catch(unlessGone);
    if (namespace?.metadata.deletionTimestamp === undefined || (namespace.spec?.finalizers ?? []).length === 0) return done;
    const { facts, waitMs } = await this.#empty(name, Date.parse(namespace.metadata.deletionTimestamp), signal);
    const updated = await this.#updateConditions(namespace, facts, signal);
    if (facts.errors.length > 0) throw new Error(`namespace ${name} is not empty: ${facts.errors.join(', ')}`);
    if (waitMs > 0) return after(waitMs);
    // What cannot be asked may keep objects that nobody would find again.
    if (facts.undiscovered.size > 0) throw new Error(`namespace ${name} may not be empty: ${discoveryFailure(facts.undiscovered)}`);
    await this.#finalize(updated, signal);
    return done;
  }

  /** Deletes what there is, group by group; a group must be gone before the next is begun. */
  async #empty(namespace: string, deletedAtMs: number, signal: AbortSignal): Promise<{ facts: ContentFacts; waitMs: number }> {
    const remaining: Remaining[] = [];
    const errors: string[] = [];
    const { resources: aggregated, failures: undiscovered } = await this.aggregated.discover(signal);
    const steps = deletionOrder(this.types.all()).map((group) => group.map((type) => () => this.#deleteAll(type, namespace, signal)));
    steps.at(-1)?.push(...aggregated.map((resource) => () => this.aggregated.deleteAll(resource, namespace, signal)));
    for (const step of steps) {
      const results = await Promise.allSettled(step.map((deleteAll) => deleteAll()));
      for (const result of results) {
        if (result.status === 'fulfilled') remaining.push(result.value);
        else errors.push(result.reason instanceof Error ? result.reason.message : String(result.reason));
      }
      errors.push(
        ...unexpectedItems(
          namespace,
          results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
          this.pods.list(namespace),
          this.#context.clock.now() - deletedAtMs,
        ),
      );
      if (errors.length > 0 || remaining.some(({ count }) => count > 0)) break;
    }
    const isEmpty = remaining.every(({ count }) => count === 0);
    const waitMs = isEmpty ? 0 : Math.min(LONGEST_WAIT_MS, retryAfterMs(this.pods.list(namespace), remaining));
    return { facts: { remaining, errors, undiscovered }, waitMs };
  }

  async #deleteAll(type: AnyResource, namespace: string, signal: AbortSignal): Promise<Remaining> {
    const { api } = this.#context;
    const objects = await this.#list(type, namespace, signal);
    const toDelete = objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    await Promise.all(toDelete.map((object) => api.delete(type, keyOfObject(object), { signal, propagationPolicy: 'Background' }).catch(unlessGone)));
    // A consistent list: what it does not show is gone.
    return countRemaining(type, toDelete.length === 0 ? objects : await this.#list(type, namespace, signal));
  }

  async #list(type: AnyResource, namespace: string, signal: AbortSignal): Promise<KubeObject[]> {
    try {
      return (await this.#context.api.list(type, { namespace, signal })).items;
    } catch (error) {
      // Not served here.
      if (isNotFound(error) || isMethodNotAllowed(error)) return [];
      throw error;
    }
  }

  async #updateConditions(namespace: corev1.Namespace, facts: ContentFacts, signal: AbortSignal): Promise<corev1.Namespace> {
    const conditions = deletionConditions(namespace.status?.conditions ?? [], facts, this.#context.clock.now());
    const status: corev1.NamespaceStatus = { ...namespace.status, phase: 'Terminating', conditions };
    if (canonicalJson(status) === canonicalJson(namespace.status)) return namespace;
    return this.#context.api.updateStatus(core.namespaces, { ...namespace, status }, { signal });
  }

  async #finalize(namespace: corev1.Namespace, signal: AbortSignal): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== CONTENT_FINALIZER);
    await this.#context.api.update(core.namespaces, { ...namespace, spec: { ...namespace.spec, finalizers } }, { signal, subresource: 'finalize' }).catch(unlessGone);
  }
}

function unlessGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

export function namespaceController(context: ControllerContext): RunningController {
  const reconciler = new NamespaceReconciler(context);
  const { namespaces, pods, types, aggregated: { services } } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentNamespaceSyncs,
    reads: [read(namespaces), read(pods), read(types.definitions), read(services)],
    watch: (controller) => {
      const wake = (namespace: corev1.Namespace): void => {
        const { deletionTimestamp } = namespace.metadata;
        if (deletionTimestamp === undefined) return;
        // Whoever deleted it may have another clock than this process: no longer than it takes all apiservers is waited.
        const closingMs = Math.min(CLOSING_MS, Date.parse(deletionTimestamp) + CLOSING_MS - context.clock.now());
        controller.enqueueAfter(keyOfObject(namespace), Math.max(0, closingMs));
      };
      const wakeAll = (): void => namespaces.list().forEach(wake);
      return [
        // An API server that is back, or gone for good, may be what closing namespaces wait for.
        services.addHandler({ onUpdate: wakeAll, onDelete: wakeAll }),
        namespaces.addHandler({ onAdd: wake, onUpdate: (_, namespace) => wake(namespace) }),
        // The last pod to go is what a closing namespace waits for most.
        pods.addHandler({
          onDelete: ({ metadata: { namespace = '' } }) => {
            const own = namespaces.get({ namespace: '', name: namespace });
            if (own !== undefined && pods.list(namespace).length === 0) wake(own);
          },
        }),
      ];
    },
  }, context);
}

import { readFileSync } from 'node:fs';
import { core, type corev1 } from '@navarch/api';
import { isNotFound, statusCause } from '@navarch/apimachinery';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { PublisherMetrics } from './publisher-metrics';
import { planRootCa, ROOT_CA_NAME } from './sync';

/** Publishes the CA by which pods verify the apiserver, as a ConfigMap in every namespace. Keys are namespaces. */
export class RootCaReconciler implements Reconciler {
  readonly name = 'root_ca_cert_publisher';
  readonly namespaces: ObjectSource<corev1.Namespace>;
  readonly configMaps: ObjectSource<corev1.ConfigMap>;
  readonly #context: ControllerContext;
  readonly #bundle: string;
  readonly #metrics: PublisherMetrics;

  constructor(context: ControllerContext, bundle: string) {
    this.#context = context;
    this.#bundle = bundle;
    this.#metrics = new PublisherMetrics(context.registry, {
      prefix: 'root_ca_cert_publisher', total: 'Number of namespace syncs happened in root ca cert publisher.', duration: 'Duration of namespace syncs in root ca cert publisher.',
    });
    this.namespaces = context.sources.informer(core.namespaces);
    this.configMaps = context.sources.informer(core.configmaps, { alwaysWatch: true });
  }

  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    return this.#metrics.measure(this.#context.clock, signal, () => this.#publish(key, signal));
  }

  async #publish({ name: namespace }: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api } = this.#context;
    const action = planRootCa(namespace, this.#bundle, this.configMaps.get({ namespace, name: ROOT_CA_NAME }));
    try {
      if (action?.kind === 'create') await api.create(core.configmaps, action.configMap, { signal });
      else if (action?.kind === 'update') await api.update(core.configmaps, action.configMap, { signal });
    } catch (error) {
      // Of a namespace that has gone meanwhile, or is going, nothing is left to do.
      if (action?.kind !== 'create' || (!isNotFound(error) && statusCause(error, 'NamespaceTerminating') === undefined)) throw error;
    }
    return done;
  }
}

export function rootCaController(context: ControllerContext): RunningController {
  const { rootCaFile, certificateAuthority } = context.config;
  const reconciler = new RootCaReconciler(context, readFileSync(rootCaFile ?? certificateAuthority, 'utf8'));
  const { namespaces, configMaps } = reconciler;
  const wake = (controller: { enqueue(key: ObjectKey): void }) => (object: corev1.ConfigMap): void => {
    if (object.metadata.name === ROOT_CA_NAME) controller.enqueue({ namespace: '', name: object.metadata.namespace ?? '' });
  };
  return runningController({
    reconciler,
    reads: [read(namespaces), read(configMaps)],
    watch: (controller) => [
      namespaces.addHandler({
        onAdd: (namespace) => controller.enqueueObject(namespace),
        onUpdate: (_, namespace) => {
          if (namespace.status?.phase === 'Active') controller.enqueueObject(namespace);
        },
      }),
      configMaps.addHandler({ onUpdate: (_before, object) => wake(controller)(object), onDelete: wake(controller) }),
    ],
  }, context);
}

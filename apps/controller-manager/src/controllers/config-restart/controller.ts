import { apps, core, type corev1, type KubeObject, type ResourceType } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { aboutObject } from '../../pods/pod-control';
import { read, runningController, together, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { configHash, configNames, planRestart, wantsRestarts, type Restartable } from './sync';

interface ConfigSources {
  readonly configMaps: ObjectSource<corev1.ConfigMap>;
  readonly secrets: ObjectSource<corev1.Secret>;
}

/** Rolls workloads of one kind out anew when the configuration that their pods use has changed, if they ask for it. */
class ConfigRestartReconciler<T extends Restartable> implements Reconciler {
  readonly name: string;
  readonly workloads: ObjectSource<T>;
  readonly #type: ResourceType<T>;
  readonly #config: ConfigSources;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;

  constructor(type: ResourceType<T>, config: ConfigSources, context: ControllerContext) {
    this.name = `config_restart_${type.resource}`;
    this.#type = type;
    this.#config = config;
    this.#context = context;
    this.#events = recorderFor('config-restart-controller', context);
    this.workloads = context.sources.informer(type);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const workload = this.workloads.get(key);
    const template = workload?.spec?.template;
    if (workload === undefined || template === undefined || workload.metadata.deletionTimestamp !== undefined || !wantsRestarts(workload)) return done;
    const { configMaps, secrets } = configNames(template);
    const at = (name: string): ObjectKey => ({ namespace: key.namespace, name });
    const contents = [
      ...configMaps.map((name) => {
        const { data, binaryData } = this.#config.configMaps.get(at(name)) ?? {};
        return { name: `configmap/${name}`, data: { data, binaryData } };
      }),
      ...secrets.map((name) => ({ name: `secret/${name}`, data: this.#config.secrets.get(at(name))?.data })),
    ];
    const patch = contents.length === 0 ? undefined : planRestart(workload, configHash(contents));
    if (patch === undefined) return done;
    try {
      await this.#context.api.patch(this.#type, key, 'merge', { metadata: { resourceVersion: workload.metadata.resourceVersion }, ...patch }, { signal });
      this.#events.event(aboutObject(this.#type, workload), 'Normal', 'ConfigChanged', 'Rolling out: the ConfigMaps and Secrets that its pods use have changed');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return done;
  }
}

function restartsOf<T extends Restartable>(type: ResourceType<T>, config: ConfigSources, context: ControllerContext): RunningController {
  const reconciler = new ConfigRestartReconciler(type, config, context);
  const { workloads } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(workloads), read(config.configMaps), read(config.secrets)],
    watch: (controller) => {
      const wakeUsers = (kind: 'configMaps' | 'secrets') => ({ metadata }: KubeObject): void => {
        for (const workload of workloads.list(metadata.namespace)) {
          if (wantsRestarts(workload) && configNames(workload.spec?.template ?? {})[kind].includes(metadata.name ?? '')) controller.enqueueObject(workload);
        }
      };
      const follow = <C extends KubeObject>(source: ObjectSource<C>, wake: (object: C) => void): (() => void) =>
        source.addHandler({ onAdd: wake, onUpdate: (_, object) => wake(object), onDelete: wake });
      return [wakeSelf(workloads, controller), follow(config.configMaps, wakeUsers('configMaps')), follow(config.secrets, wakeUsers('secrets'))];
    },
  }, context);
}

/** Deployments, StatefulSets and DaemonSets. Upstream has nothing like it: it does nothing unless a workload asks for it. */
export function configRestartController(context: ControllerContext): RunningController {
  const config: ConfigSources = { configMaps: context.sources.informer(core.configmaps, { alwaysWatch: true }), secrets: context.sources.informer(core.secrets, { alwaysWatch: true }) };
  return together(restartsOf(apps.deployments, config, context), restartsOf(apps.statefulsets, config, context), restartsOf(apps.daemonsets, config, context));
}

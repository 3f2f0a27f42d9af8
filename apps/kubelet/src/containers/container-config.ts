import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { containerHash } from './container-hash';
import { expand } from './expand';
import { TextBudget } from './process-limits';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import {
  containerNameLabel, hashAnnotation, podNameLabel, podNamespaceLabel, podTerminationGraceAnnotation, podUidLabel, restartCountAnnotation,
  terminationMessagePathAnnotation, terminationMessagePolicyAnnotation,
} from '../runtime/labels';

export interface ContainerInput {
  readonly pod: corev1.Pod;
  readonly container: corev1.Container;
  readonly attempt: number;
  /** What the runtime knows the image by. */
  readonly imageRef: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly mounts: readonly runtimev1.Mount[];
  readonly devices: readonly runtimev1.Device[];
  /** Of device plug-ins. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly cdiDevices?: readonly string[];
  readonly resources: runtimev1.LinuxContainerResources;
  readonly securityContext: runtimev1.LinuxContainerSecurityContext;
}

export function containerConfig(input: ContainerInput): runtimev1.ContainerConfig {
  const { pod, container, attempt, imageRef, environment } = input;
  const budget = new TextBudget('arguments');
  const resolve = (text: string): string => {
    const resolved = expand(text, (name) => environment.get(name));
    budget.add(resolved);
    return resolved;
  };
  const path = container.terminationMessagePath ?? '/dev/termination-log';
  return runtimev1.ContainerConfig.fromPartial({
    metadata: { name: container.name, attempt },
    image: { image: imageRef, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map(resolve),
    args: (container.args ?? []).map(resolve),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: [...input.mounts],
    devices: [...input.devices],
    CDIDevices: (input.cdiDevices ?? []).map((name) => ({ name })),
    labels: {
      [containerNameLabel]: container.name, [podNameLabel]: nameOf(pod), [podNamespaceLabel]: namespaceOf(pod), [podUidLabel]: uidOf(pod),
    },
    annotations: {
      ...input.annotations,
      [hashAnnotation]: containerHash(container),
      [restartCountAnnotation]: String(attempt),
      [terminationMessagePathAnnotation]: path,
      [terminationMessagePolicyAnnotation]: container.terminationMessagePolicy ?? 'File',
      [podTerminationGraceAnnotation]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    },
    logPath: `${container.name}/${attempt}.log`,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    stopSignal: stopSignal(container.lifecycle?.stopSignal),
    linux: { resources: input.resources, securityContext: input.securityContext },
  });
}

/** A signal by its name, as a spec writes it; unset or unknown, the image decides. */
function stopSignal(name: string | undefined): runtimev1.Signal {
  return name !== undefined && name in runtimev1.Signal ? runtimev1.signalFromJSON(name) : runtimev1.Signal.RUNTIME_DEFAULT;
}

import { type corev1 } from '@navarch/api';
import { ContainerConfigError } from '../containers/config-error';

/** Whether what is mounted below a mount is read-only too; `supported`: by the runtime. Throws ContainerConfigError in upstream's words. */
export function isRecursivelyReadOnly({ name, readOnly, recursiveReadOnly, mountPropagation = 'None' }: corev1.VolumeMount, supported: boolean): boolean {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return false;
  if (readOnly !== true) throw new ContainerConfigError(`volume "${name}" requested recursive read-only mode, but it is not read-only`);
  if (mountPropagation !== 'None') throw new ContainerConfigError(`volume "${name}" requested recursive read-only mode, but it is not compatible with propagation ${mountPropagation}`);
  if (recursiveReadOnly === 'IfPossible') return supported;
  if (!supported) throw new ContainerConfigError(`volume "${name}" requested recursive read-only mode, but it is not supported by the runtime`);
  return true;
}

import { applyScale, type autoscalingv1, type KubeObject, scaleOf, scalePrinter } from '@navarch/api';
import { badRequest, fieldErrors, FieldPath, invalid } from '@navarch/apimachinery';
import { builtInCodec } from '../codec/kind-codec';
import type { ObjectView } from './object-view';

/** The kind that all `scale` subresources show. */
export const SCALE_KIND = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const;

/** How many replicas, and nothing else: the `scale` subresource of workloads. */
export function scaleView(group: string, resource: string): ObjectView {
  const read = (object: Parameters<ObjectView['read']>[0]): autoscalingv1.Scale => scaleOf(group, resource, object.object as KubeObject);
  return {
    ...SCALE_KIND,
    codec: builtInCodec(SCALE_KIND),
    subresource: 'scale',
    printer: scalePrinter,
    replicas: ['spec', 'replicas'],
    shownAs: { kind: SCALE_KIND, show: (object) => scaleOf(group, resource, object) },
    bytes: (object) => object.represent('scale', () => Buffer.from(JSON.stringify(read(object)))),
    read,
    write: (object, current) => {
      if (!current) throw badRequest('there is nothing to scale');
      const scale = object as autoscalingv1.Scale;
      const replicas = scale.spec?.replicas ?? 0;
      if (!Number.isSafeInteger(replicas) || replicas < 0)
        throw invalid({ group: 'autoscaling', kind: 'Scale' }, scale.metadata.name ?? '', [fieldErrors.invalid(FieldPath.of('spec', 'replicas'), replicas, 'must be greater than or equal to 0')]);
      const target = current.parse();
      applyScale(target, scale);
      const { resourceVersion, uid } = scale.metadata;
      if (resourceVersion === undefined) delete target.metadata.resourceVersion;
      else target.metadata.resourceVersion = resourceVersion;
      if (uid !== undefined && uid !== '') target.metadata.uid = uid;
      return target;
    },
  };
}

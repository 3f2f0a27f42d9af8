import { type autoscalingv1, type KubeObject, scalePrinter } from '@navarch/api';
import { badRequest, fieldErrors, FieldPath, invalid, isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import type { ScalePaths } from '@navarch/custom-resources';
import { builtInCodec } from '../codec/kind-codec';
import type { ObjectView } from '../registry/object-view';
import type { Cached } from '../registry/resource-store';
import { SCALE_KIND } from '../registry/scale';
import type { ServedResource } from '../registry/served-resource';

function at(object: JsonValue, steps: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const step of steps) value = isJsonObject(value) ? value[step] : undefined;
  return value;
}

const numberAt = (object: JsonValue, steps: readonly string[]): number => {
  const value = at(object, steps);
  return typeof value === 'number' ? value : 0;
};

function setAt(object: JsonObject, [step = '', ...rest]: readonly string[], value: number): void {
  if (rest.length === 0) object[step] = value;
  else {
    const next = isJsonObject(object[step]) ? object[step] : (object[step] = {});
    setAt(next, rest, value);
  }
}

function scaleOf(object: KubeObject, paths: ScalePaths): autoscalingv1.Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const value = object as unknown as JsonObject;
  const selector = paths.labelSelector && at(value, paths.labelSelector);
  const replicas = numberAt(value, paths.specReplicas);
  return {
    apiVersion: 'autoscaling/v1', kind: 'Scale',
    metadata: Object.fromEntries(Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(([, one]) => one !== undefined)),
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(value, paths.statusReplicas), ...(typeof selector === 'string' && selector !== '' ? { selector } : {}) },
  };
}

/** The `scale` of a custom resource: numbers at the places that its definition names. */
export function customScaleView(served: ServedResource, paths: ScalePaths): ObjectView {
  const { group } = served.facts;
  const read = (object: Cached): autoscalingv1.Scale => {
    const shown = served.object(object);
    if (at(shown as unknown as JsonObject, paths.specReplicas) === undefined) throw badRequest(`the spec replicas field ${JSON.stringify(`.${paths.specReplicas.join('.')}`)} does not exist`);
    return scaleOf(shown, paths);
  };
  return {
    ...SCALE_KIND, subresource: 'scale', printer: scalePrinter, replicas: paths.specReplicas,
    codec: builtInCodec(SCALE_KIND),
    shownAs: { kind: SCALE_KIND, show: (object) => scaleOf(served.fromStorage(structuredClone(object)), paths) },
    bytes: (object) => Buffer.from(JSON.stringify(read(object))),
    read,
    write: async (object, current) => {
      if (!current) throw badRequest('there is nothing to scale');
      const scale = object as autoscalingv1.Scale;
      const replicas = scale.spec?.replicas ?? 0;
      if (replicas < 0) throw invalid({ group, kind: 'Scale' }, scale.metadata.name ?? '', [fieldErrors.invalid(FieldPath.of('spec', 'replicas'), replicas, 'must be greater than or equal to 0')]);
      await served.prepare([current]);
      const target = served.object(current);
      setAt(target as unknown as JsonObject, paths.specReplicas, replicas);
      const { resourceVersion } = scale.metadata;
      if (resourceVersion === undefined) delete target.metadata.resourceVersion;
      else target.metadata.resourceVersion = resourceVersion;
      return served.toStorage(target);
    },
  };
}

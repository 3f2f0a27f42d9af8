import type { KubeObject, Strategy } from '@navarch/api';
import { equalJson, type FieldError, FieldPath, type JsonObject, subdomainName, validateObjectMeta, validateObjectMetaUpdate } from '@navarch/apimachinery';
import type { CustomVersion } from '@navarch/custom-resources';

const METADATA = FieldPath.of('metadata');
const NOT_INTENT = new Set(['apiVersion', 'kind', 'metadata']);

const json = (object: KubeObject): JsonObject => object as unknown as JsonObject;

/** Whether anything but metadata (and the status, where it is a view of its own) is different: then the generation counts on. */
function intentChanged(object: KubeObject, old: KubeObject, hasStatus: boolean): boolean {
  const ignored = (name: string): boolean => NOT_INTENT.has(name) || (hasStatus && name === 'status');
  const names = new Set([...Object.keys(object), ...Object.keys(old)].filter((name) => !ignored(name)));
  return [...names].some((name) => !equalJson(json(object)[name], json(old)[name]));
}

/** The rules of a custom kind: its schema decides, in the version that is stored. */
export function customStrategy(version: CustomVersion, namespaced: boolean): Strategy {
  const { hasStatus } = version;
  return {
    prepareForCreate(object) {
      if (hasStatus) delete json(object)['status'];
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, old) {
      if (hasStatus) keep(object, old, 'status');
      object.metadata.generation = (old.metadata.generation ?? 0) + (intentChanged(object, old, hasStatus) ? 1 : 0);
    },
    validate: (object) => [...validateObjectMeta(metaOf(object), namespaced, subdomainName, METADATA), ...version.validate(json(object))],
    validateUpdate: (object, old) => updateErrors(version, object, old),
  };
}

/** Through the `status` view everything else stays, the metadata too. */
export function customStatusStrategy(version: CustomVersion): Strategy {
  return {
    prepareForUpdate(object, old) {
      for (const name of new Set([...Object.keys(object), ...Object.keys(old)])) if (!NOT_INTENT.has(name) && name !== 'status') keep(object, old, name);
      const { managedFields, resourceVersion } = object.metadata;
      object.metadata = structuredClone(old.metadata);
      if (managedFields === undefined) delete object.metadata.managedFields;
      else object.metadata.managedFields = managedFields;
      if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
    },
    validateUpdate: (object, old) => updateErrors(version, object, old),
  };
}

function updateErrors(version: CustomVersion, object: KubeObject, old: KubeObject): FieldError[] {
  return [...validateObjectMetaUpdate(metaOf(object), metaOf(old), METADATA), ...version.validate(json(object), json(old))];
}

function keep(object: KubeObject, old: KubeObject, name: string): void {
  const value = json(old)[name];
  if (value === undefined) delete json(object)[name];
  else json(object)[name] = value;
}

type Meta = Parameters<typeof validateObjectMeta>[0];

function metaOf({ metadata }: KubeObject): Meta {
  const { ownerReferences } = metadata;
  return ownerReferences === undefined ? metadata : { ...metadata, ownerReferences: ownerReferences.map((owner) => ({ ...{ apiVersion: '', kind: '', name: '', uid: '' }, ...owner })) };
}

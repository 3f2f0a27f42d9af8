import type { KubeObject, Strategy } from '@navarch/api';
import { ApiError, equalJson, type JsonObject } from '@navarch/apimachinery';
import { type CustomVersion, finalizerWarnings } from '@navarch/custom-resources';

const NOT_INTENT = new Set(['apiVersion', 'kind', 'metadata']);

const json = (object: KubeObject): JsonObject => object as unknown as JsonObject;

/** Whether anything but metadata (and the status, where it is a view of its own) is different: then the generation counts on. */
function intentChanged(object: KubeObject, old: KubeObject, hasStatus: boolean): boolean {
  const ignored = (name: string): boolean => NOT_INTENT.has(name) || (hasStatus && name === 'status');
  const names = new Set([...Object.keys(object), ...Object.keys(old)].filter((name) => !ignored(name)));
  return [...names].some((name) => !equalJson(json(object)[name], json(old)[name]));
}

/** Nothing comes into what is being taken away. */
const terminating = (): ApiError => new ApiError({ code: 405, reason: 'MethodNotAllowed', message: 'create not allowed while custom resource definition is terminating', details: {} });

/** What becomes of a custom object before it is checked. */
export function customStrategy({ hasStatus }: CustomVersion, isTerminating: () => boolean): Strategy {
  return {
    prepareForCreate(object) {
      if (isTerminating()) throw terminating();
      if (hasStatus) delete json(object)['status'];
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, old) {
      if (hasStatus) keep(object, old, 'status');
      object.metadata.generation = (old.metadata.generation ?? 0) + (intentChanged(object, old, hasStatus) ? 1 : 0);
    },
    warnings: (object, old) => finalizerWarnings(object.metadata.finalizers, old?.metadata.finalizers),
  };
}

/** Through the `status` view everything else stays, the metadata too. */
export function customStatusStrategy(): Strategy {
  return {
    prepareForUpdate(object, old) {
      for (const name of new Set([...Object.keys(object), ...Object.keys(old)])) if (!NOT_INTENT.has(name) && name !== 'status') keep(object, old, name);
      const { managedFields, resourceVersion } = object.metadata;
      object.metadata = structuredClone(old.metadata);
      if (managedFields === undefined) delete object.metadata.managedFields;
      else object.metadata.managedFields = managedFields;
      if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
    },
  };
}

function keep(object: KubeObject, old: KubeObject, name: string): void {
  const value = json(old)[name];
  if (value === undefined) delete json(object)[name];
  else json(object)[name] = value;
}

import type { KubeObject } from '@navarch/api';
import { type FieldError, FieldPath, type JsonObject, subdomainName, validateObjectMeta, validateObjectMetaUpdate } from '@navarch/apimachinery';
import type { CustomVersion, Written } from '@navarch/custom-resources';
import { isLarge } from '../offload/is-large';
import type { KindSource } from '../offload/kind-source';
import type { Offload } from '../offload/offloaded-work';
import { pack } from '../offload/packed-json';
import type { CostlyRule } from '../registry/resource-definition';

const METADATA = FieldPath.of('metadata');
/** Rules that took this long may do so again on objects of any size: their cost is bounded, but not by that of the object. */
const LONG_MS = 50;

type Meta = Parameters<typeof validateObjectMeta>[0];

function metaOf({ metadata }: KubeObject): Meta {
  const { ownerReferences } = metadata;
  return ownerReferences === undefined ? metadata : { ...metadata, ownerReferences: ownerReferences.map((owner) => ({ ...{ apiVersion: '', kind: '', name: '', uid: '' }, ...owner })) };
}

/** The rules of a custom kind: its schema decides, in the version that is stored. */
export function customRules(version: CustomVersion, source: KindSource, namespaced: boolean, offload: Offload, written: Written = ''): CostlyRule {
  let takesLong = false;

  async function errorsElsewhere(object: JsonObject, old: JsonObject | undefined, warn: (text: string) => void): Promise<FieldError[]> {
    const { errors, warnings } = await offload.run('validateCustom', { kind: source, object: pack(object), old: old && pack(old), written });
    for (const text of warnings) warn(text);
    return errors;
  }

  function schemaErrors(object: JsonObject, old: JsonObject | undefined, warn: (text: string) => void): FieldError[] | Promise<FieldError[]> {
    if (takesLong || isLarge(object)) return errorsElsewhere(object, old, warn);
    const started = performance.now();
    const errors = version.validate(object, old, written, warn);
    takesLong = performance.now() - started > LONG_MS;
    return errors;
  }

  return (object, old, _requested, warn) => {
    const meta = old ? validateObjectMetaUpdate(metaOf(object), metaOf(old), METADATA) : validateObjectMeta(metaOf(object), namespaced, subdomainName, METADATA);
    const errors = schemaErrors(object as unknown as JsonObject, old as unknown as JsonObject | undefined, warn);
    return Array.isArray(errors) ? [...meta, ...errors] : errors.then((found) => [...meta, ...found]);
  };
}

import { exactJsonText, getMember, isJsonObject, setMember, type JsonObject, type JsonValue } from '../json';
import { type StructType } from '../schema';
import { compareStrings } from '../text/compare-strings';
import { compareTyped } from './compare-typed';
import { FieldSet } from './field-set';
import { alwaysIgnored, fieldPathOf } from './ignored-fields';
import { fieldElement } from './path-element';
import { toFieldSet } from './to-field-set';

// Mirrors staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/lastapplied*.go: how kubectl's users change from
// applying in the client to applying in the server without a conflict with themselves.

/** Where `kubectl apply` keeps what it applied last. */
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** All annotations together. */
const MAX_BYTES = 256 * 1024;

/** Only kubectl under its usual name has a former life in the client; whoever calls it otherwise opts out. */
export const followsClientSideApply = (manager: string): boolean => manager === 'kubectl';

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const metadata = getMember(object, 'metadata');
  const annotations = isJsonObject(metadata) ? getMember(metadata, 'annotations') : undefined;
  return isJsonObject(annotations) ? annotations : undefined;
}

function lastAppliedOf(object: JsonObject): JsonObject | undefined {
  const text = getMember(annotationsOf(object) ?? {}, ANNOTATION);
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    const parsed = JSON.parse(text) as JsonValue;
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined; // somebody else's text: it allows nothing
  }
}

/** Fields that kubectl applied in the client and that still have the value it gave them: its own, whoever owns them now. */
export function ownedByClientSideApply(live: JsonObject, type: StructType): FieldSet {
  const last = lastAppliedOf(live);
  if (!last) return new FieldSet();
  const { added, modified, removed } = compareTyped(last, live, type);
  const kept = toFieldSet(last, type).difference(modified).difference(added).difference(removed).recursiveDifference(alwaysIgnored);
  return kept.union(FieldSet.of([...fieldPathOf('metadata.annotations'), fieldElement(ANNOTATION)]));
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const name of Object.keys(value).sort(compareStrings)) setMember(result, name, sorted(getMember(value, name) ?? null));
  return result;
}

/** Keeps the client's bookkeeping true as long as the object carries it, so that `kubectl apply` in the client finds it right. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (!annotations || getMember(annotations, ANNOTATION) === undefined) return object;
  const metadata = getMember(object, 'metadata') as JsonObject;
  const own = annotationsOf(config);
  const bare = own ? { ...config, metadata: { ...(config['metadata'] as JsonObject), annotations: Object.fromEntries(Object.entries(own).filter(([name]) => name !== ANNOTATION)) } } : config;
  const text = `${exactJsonText(sorted(bare))}\n`;
  const others = Object.entries(annotations).filter(([name]) => name !== ANNOTATION);
  const total = others.reduce((sum, [name, value]) => sum + name.length + (typeof value === 'string' ? value.length : 0), ANNOTATION.length + text.length);
  // As upstream: what does not fit is given up.
  const kept = total > MAX_BYTES ? Object.fromEntries(others) : { ...annotations, [ANNOTATION]: text };
  return { ...object, metadata: { ...metadata, annotations: kept } };
}

import { DecodeError } from '../json/decode-error';
import { decodeJson } from '../json/decode-json';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value';
import { serializeUntyped } from '../json/serialize-untyped';
import { formatTime, parseTime } from '../text/time';
import { formatDuration, parseDuration } from './duration';

/** A message that is no object in JSON. `undefined` means: leave it out, Go would write null. */
export interface SpecialMessage {
  toJson(fields: JsonObject): JsonValue | undefined;
  /** The fields of the message, by their protobuf names. */
  toFields(value: JsonValue): JsonObject;
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
const integer = (value: JsonValue | undefined): bigint | number => (typeof value === 'number' || typeof value === 'bigint' ? value : 0);

const quantity: SpecialMessage = {
  toJson: (fields) => (text(fields['string']) === '' ? '0' : text(fields['string'])),
  toFields: (value) => ({ string: typeof value === 'string' ? value : serializeUntyped(value) }),
};

const secondsOf = (value: JsonValue): number => {
  const ms = typeof value === 'string' ? parseTime(value) : undefined;
  if (ms === undefined) throw new DecodeError(`no time: ${serializeUntyped(value)}`);
  return Math.floor(ms / 1000);
};

/** The largest time that the text form has; also guards against hostile numbers. */
const maxSeconds = 253402300799;

function timeText(fields: JsonObject): string | undefined {
  const seconds = integer(fields['seconds']);
  // The zero of the wire is the zero of Go.
  if (seconds == 0 && integer(fields['nanos']) == 0) return undefined;
  if (typeof seconds === 'bigint' || Math.abs(seconds) > maxSeconds) throw new DecodeError('Time.UTC: year outside of range [0,9999]');
  return formatTime(seconds * 1000);
}

const time: SpecialMessage = { toJson: timeText, toFields: (value) => ({ seconds: secondsOf(value), nanos: 0 }) };

const microTime: SpecialMessage = {
  toJson(fields) {
    const whole = timeText(fields);
    return whole === undefined ? undefined : `${whole.slice(0, 19)}.${String(Math.floor(Number(integer(fields['nanos'])) / 1000)).padStart(6, '0').slice(0, 6)}Z`;
  },
  toFields(value) {
    const fraction = /[.,](\d+)/.exec(text(value))?.[1] ?? '';
    return { seconds: secondsOf(value), nanos: Number(fraction.slice(0, 6).padEnd(6, '0')) * 1000 };
  },
};

const intOrString: SpecialMessage = {
  toJson: (fields) => (integer(fields['type']) == 0 ? integer(fields['intVal']) : text(fields['strVal'])),
  toFields: (value) => (typeof value === 'string' ? { type: 1, intVal: 0, strVal: value } : { type: 0, intVal: value, strVal: '' }),
};

/** Bytes that are JSON themselves. */
function rawJson(field: string): SpecialMessage {
  return {
    toJson(fields) {
      const raw = text(fields[field]);
      return raw === '' ? undefined : decodeJson(Buffer.from(raw, 'base64')).value;
    },
    toFields: (value) => ({ [field]: Buffer.from(serializeUntyped(value)).toString('base64') }),
  };
}

/** A list of strings that Go declares as a type of its own. */
const stringList: SpecialMessage = { toJson: (fields) => fields['items'] ?? [], toFields: (value) => ({ items: value }) };

const duration: SpecialMessage = { toJson: (fields) => formatDuration(integer(fields['duration'])), toFields: (value) => ({ duration: parseDuration(text(value)) }) };

const schemaOrArray: SpecialMessage = {
  toJson: (fields) => (Array.isArray(fields['jSONSchemas']) && fields['jSONSchemas'].length > 0 ? fields['jSONSchemas'] : (fields['schema'] ?? null)),
  toFields: (value) => (Array.isArray(value) ? { jSONSchemas: value } : { schema: value }),
};

const schemaOrBool: SpecialMessage = {
  toJson: (fields) => fields['schema'] ?? fields['allows'] === true,
  toFields: (value) => (isJsonObject(value) ? { allows: true, schema: value } : { allows: value === true }),
};

const schemaOrStrings: SpecialMessage = {
  toJson: (fields) => (Array.isArray(fields['property']) && fields['property'].length > 0 ? fields['property'] : (fields['schema'] ?? null)),
  toFields: (value) => (Array.isArray(value) ? { property: value } : { schema: value }),
};

const byName: Readonly<Record<string, SpecialMessage>> = {
  'k8s.io.apimachinery.pkg.api.resource.Quantity': quantity,
  'k8s.io.apimachinery.pkg.api.resource.QuantityValue': quantity,
  'k8s.io.apimachinery.pkg.apis.meta.v1.Time': time,
  'k8s.io.apimachinery.pkg.apis.meta.v1.Timestamp': time,
  'k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime': microTime,
  'k8s.io.apimachinery.pkg.apis.meta.v1.Duration': duration,
  'k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1': rawJson('Raw'),
  'k8s.io.apimachinery.pkg.apis.meta.v1.Verbs': stringList,
  'k8s.io.apimachinery.pkg.runtime.RawExtension': rawJson('-'),
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': intOrString,
};

const byLastName: Readonly<Record<string, SpecialMessage>> = {
  ExtraValue: stringList,
  JSON: rawJson('-'),
  JSONSchemaPropsOrArray: schemaOrArray,
  JSONSchemaPropsOrBool: schemaOrBool,
  JSONSchemaPropsOrStringArray: schemaOrStrings,
};

/** How a message that is no object stands in JSON. */
export function specialMessage(name: string): SpecialMessage | undefined {
  return byName[name] ?? byLastName[name.slice(name.lastIndexOf('.') + 1)];
}

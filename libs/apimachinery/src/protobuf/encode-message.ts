import { getMember, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value';
import { compareStrings } from '../text/compare-strings';
import { type FieldShape, type MessageShapes, type WireScalar } from './message-shape';
import { specialMessage } from './special-messages';
import { wireType } from './wire-reader';
import { type WireWriter } from './wire-writer';

/** Writes JSON as a message. Members that the message lacks are left out; wrong types are as good as absent. */
export function encodeMessage(shapes: MessageShapes, name: string, value: JsonValue, writer: WireWriter): void {
  const shape = shapes.get(name);
  if (!shape) throw new Error(`unknown message ${name}`);
  const object = specialMessage(name)?.toFields(value) ?? value;
  if (!isJsonObject(object)) return;
  for (const field of shape.fields) {
    if (field.inline && field.message !== undefined) {
      const inlined = field.message;
      writer.messageField(field.number, () => encodeMessage(shapes, inlined, object, writer));
      continue;
    }
    const member = getMember(object, field.name);
    if (member !== undefined && member !== null) encodeField(shapes, field, member, writer);
  }
}

function encodeField(shapes: MessageShapes, field: FieldShape, value: JsonValue, writer: WireWriter): void {
  const one = (number: number, item: JsonValue): void => {
    if (field.scalar !== undefined) writeScalar(writer, number, field.scalar, item);
    else writer.messageField(number, () => encodeMessage(shapes, field.message ?? '', item, writer));
  };
  if (field.label === 'single') one(field.number, value);
  else if (field.label === 'repeated') {
    if (Array.isArray(value)) for (const item of value) one(field.number, item);
  } else if (isJsonObject(value)) writeMap(field, value, one, writer);
}

function writeMap(field: FieldShape, map: JsonObject, one: (number: number, item: JsonValue) => void, writer: WireWriter): void {
  for (const key of Object.keys(map).sort(compareStrings)) {
    writer.messageField(field.number, () => {
      writer.stringField(1, key);
      one(2, getMember(map, key) ?? null);
    });
  }
}

function writeScalar(writer: WireWriter, number: number, scalar: WireScalar, value: JsonValue): void {
  switch (scalar) {
    case 'string':
      writer.stringField(number, typeof value === 'string' ? value : '');
      return;
    case 'bytes':
      writer.bytesField(number, Buffer.from(typeof value === 'string' ? value : '', 'base64'));
      return;
    case 'bool':
      writer.tag(number, wireType.varint);
      writer.uint32(value === true ? 1 : 0);
      return;
    case 'int32':
    case 'int64':
      writer.tag(number, wireType.varint);
      writer.int64(typeof value === 'number' || typeof value === 'bigint' ? value : 0);
      return;
    case 'double':
      writer.tag(number, wireType.fixed64);
      writer.double(Number(value));
  }
}

import { DecodeError } from '../json/decode-error';
import { getMember, isJsonObject, setMember, type JsonObject, type JsonValue } from '../json/json-value';
import { type FieldShape, type MessageShape, type MessageShapes, type WireScalar } from './message-shape';
import { specialMessage } from './special-messages';
import { WireReader, wireType } from './wire-reader';

/** Types hold themselves (JSONSchemaProps): deeper ones are an attack. */
const maxDepth = 200;

/** Reads a message into the JSON that Go would write for it. */
export function decodeMessage(shapes: MessageShapes, name: string, bytes: Uint8Array): JsonValue | undefined {
  return new MessageDecoder(shapes).message(name, bytes, undefined, 0);
}

class MessageDecoder {
  constructor(private readonly shapes: MessageShapes) {}

  /** `into` is the parent for an inlined message, or what an earlier part of the same field gave. */
  message(name: string, bytes: Uint8Array, into: JsonObject | undefined, depth: number): JsonValue | undefined {
    if (depth > maxDepth) throw new DecodeError('exceeded max depth');
    const shape = this.shapes.get(name);
    if (!shape) throw new DecodeError(`unknown message ${name}`);
    const object = into ?? {};
    this.fields(name.slice(name.lastIndexOf('.') + 1), shape, bytes, object, depth);
    const special = specialMessage(name);
    return special ? special.toJson(object) : object;
  }

  private fields(typeName: string, shape: MessageShape, bytes: Uint8Array, object: JsonObject, depth: number): void {
    const reader = new WireReader(bytes);
    while (!reader.done) {
      const { field: number, wire } = reader.tag(typeName);
      const field = shape.byNumber.get(number);
      if (!field) reader.skip(wire);
      else if (field.label === 'map') this.mapEntry(field, reader, wire, object, depth);
      else if (field.label === 'repeated') this.repeated(field, reader, wire, object, depth);
      else this.single(field, reader, wire, object, depth);
    }
  }

  private single(field: FieldShape, reader: WireReader, wire: number, object: JsonObject, depth: number): void {
    if (field.scalar !== undefined) {
      const value = readScalar(reader, wire, field.scalar);
      // A message may hold a field twice; the last one counts, and may be the zero that is left out.
      if (field.keepZero || !isZero(value)) object[field.name] = value;
      else delete object[field.name];
      return;
    }
    expectWire(wire, wireType.bytes);
    const chunk = reader.chunk();
    if (field.inline) {
      this.message(field.message ?? '', chunk, object, depth + 1);
      return;
    }
    const earlier = object[field.name];
    const value = this.message(field.message ?? '', chunk, isJsonObject(earlier) && !specialMessage(field.message ?? '') ? earlier : undefined, depth + 1);
    if (value !== undefined) object[field.name] = value;
  }

  private repeated(field: FieldShape, reader: WireReader, wire: number, object: JsonObject, depth: number): void {
    const present = object[field.name];
    const list: JsonValue[] = Array.isArray(present) ? present : (object[field.name] = []);
    if (field.message !== undefined) {
      expectWire(wire, wireType.bytes);
      list.push(this.message(field.message, reader.chunk(), undefined, depth + 1) ?? null);
    } else if (field.scalar !== undefined) {
      const packable = field.scalar !== 'string' && field.scalar !== 'bytes';
      if (!packable || wire !== wireType.bytes) {
        list.push(readScalar(reader, wire, field.scalar));
        return;
      }
      const packed = new WireReader(reader.chunk());
      while (!packed.done) list.push(readScalar(packed, field.scalar === 'double' ? wireType.fixed64 : wireType.varint, field.scalar));
    }
  }

  private mapEntry(field: FieldShape, reader: WireReader, wire: number, object: JsonObject, depth: number): void {
    expectWire(wire, wireType.bytes);
    const entry = new WireReader(reader.chunk());
    let key = '';
    let value: JsonValue | undefined = field.message === undefined ? zeroOf(field.scalar) : this.message(field.message, new Uint8Array(), undefined, depth + 1);
    while (!entry.done) {
      const tag = entry.tag('entry');
      if (tag.field === 1) {
        expectWire(tag.wire, wireType.bytes);
        key = entry.string();
      } else if (tag.field === 2) value = this.mapValue(field, entry, tag.wire, depth);
      else entry.skip(tag.wire);
    }
    const present = getMember(object, field.name);
    const map: JsonObject = isJsonObject(present) ? present : (object[field.name] = {});
    setMember(map, key, value ?? null);
  }

  private mapValue(field: FieldShape, entry: WireReader, wire: number, depth: number): JsonValue | undefined {
    if (field.scalar !== undefined) return readScalar(entry, wire, field.scalar);
    expectWire(wire, wireType.bytes);
    return this.message(field.message ?? '', entry.chunk(), undefined, depth + 1);
  }
}

function readScalar(reader: WireReader, wire: number, scalar: WireScalar): JsonValue {
  switch (scalar) {
    case 'string':
      expectWire(wire, wireType.bytes);
      return reader.string();
    case 'bytes':
      expectWire(wire, wireType.bytes);
      return Buffer.from(reader.chunk()).toString('base64');
    case 'bool':
      expectWire(wire, wireType.varint);
      return reader.varint32() !== 0;
    case 'int32':
      expectWire(wire, wireType.varint);
      return reader.int32();
    case 'int64':
      expectWire(wire, wireType.varint);
      return reader.int64();
    case 'double':
      expectWire(wire, wireType.fixed64);
      return finite(reader.double());
  }
}

/** JSON has no other numbers. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new DecodeError('json: unsupported value');
  return value;
}

function expectWire(found: number, expected: number): void {
  if (found !== expected) throw new DecodeError(`proto: wrong wireType = ${found}`);
}

const isZero = (value: JsonValue): boolean => value === '' || value === 0 || value === false || value === 0n;

function zeroOf(scalar: WireScalar | undefined): JsonValue {
  if (scalar === 'bool') return false;
  return scalar === 'string' || scalar === 'bytes' ? '' : 0;
}

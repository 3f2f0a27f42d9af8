import type { KubeObject } from '@navarch/api';
import { conformToType, type JsonObject, type StructType } from '@navarch/apimachinery';
import type { KindSource } from '../offload/kind-source';
import type { BodyFormat } from './body-format';
import { applyDefaults, type BodyOptions, conformToKind, decodeBody, type ExpectedKind, typeOf } from './decode-body';

/** How objects of a kind are read: from bodies, and from documents that patches make. */
export interface KindCodec {
  readonly kind: ExpectedKind;
  readonly type: StructType;
  /** What another thread makes the type of. */
  readonly source: KindSource;
  /** A kind without a Go type: no protobuf, no strategic merge. */
  readonly isCustom: boolean;
  /** Reads a body and defaults the object. @throws ApiError */
  decode(body: Buffer, format: BodyFormat, options: BodyOptions): KubeObject;
  /** Gives a document the form of the kind, in place. @returns reports of unknown fields. @throws DecodeError */
  conform(document: JsonObject): string[];
  /** What a document says that it is, it must be. @throws DecodeError, or invalid for a custom kind */
  requireKind(document: JsonObject): void;
  applyDefaults(object: KubeObject): void;
}

const codecs = new Map<string, KindCodec>();

/** The codec of a built-in kind. */
export function builtInCodec(kind: ExpectedKind): KindCodec {
  const key = `${kind.group}/${kind.version}/${kind.kind}`;
  let codec = codecs.get(key);
  if (!codec) {
    const { group, version } = kind;
    const expected: ExpectedKind = { group, version, kind: kind.kind };
    codec = {
      kind: expected,
      // Compiled when it is first needed: a server serves many kinds, and few are used soon.
      get type() {
        return typeOf(expected);
      },
      source: { builtIn: expected },
      isCustom: false,
      decode: (body, format, options) => decodeBody(body, format, expected, options),
      conform: (document) => conformToType(document, typeOf(expected)),
      requireKind: (document) => conformToKind(document, expected),
      applyDefaults: (object) => applyDefaults(object, expected),
    };
    codecs.set(key, codec);
  }
  return codec;
}

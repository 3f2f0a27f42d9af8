import type { KubeObject } from '@navarch/api';
import { unsupportedMediaType } from '@navarch/apimachinery';
import type { ExpectedKind } from './decode-body';

/** Reads the protobuf envelope of a built-in kind. @throws badRequest */
export function decodeProtobufBody(_body: Buffer, _expected: ExpectedKind): KubeObject {
  throw unsupportedMediaType(['application/json', 'application/yaml']);
}
